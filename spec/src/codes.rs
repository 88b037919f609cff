//! The one table of diagnostic codes. A code is never reused.
//!
//! Each code has a page `explain/<code>.md` (What, Why, Wrong, Right) whose
//! examples a test compiles: the wrong one gives the code, the right one a chart.

/// A stable diagnostic code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Code {
    /// Such as `TS0012`.
    pub id: &'static str,
    /// One line, used in lists.
    pub title: &'static str,
    /// The page in Markdown.
    pub page: &'static str,
}

macro_rules! codes {
    ($($name:ident = $id:literal $title:literal;)+) => {
        $(
            #[doc = $title]
            pub const $name: Code = Code {
                id: $id,
                title: $title,
                page: include_str!(concat!("../explain/", $id, ".md")),
            };
        )+
        /// Every code, in order.
        pub const ALL: &[Code] = &[$($name),+];
    };
}

codes! {
    SYNTAX = "TS0001" "the text is not valid TOML";
    LANGUAGE = "TS0002" "the language version is missing or unknown";
    SETTING = "TS0003" "the compiler does not know this setting";
    UNKNOWN_KEY = "TS0004" "nothing reads this key";
    MISSING_KEY = "TS0005" "a required key is missing";
    WRONG_TYPE = "TS0006" "the value has the wrong type";
    NAME = "TS0007" "the name is not usable in Kubernetes";
    VERSION = "TS0008" "the version is not valid";
    QUANTITY = "TS0009" "the quantity is not valid";
    DURATION = "TS0010" "the duration is not valid";
    NUMBER = "TS0011" "the number is out of range";
    UNKNOWN_DEPENDENCY = "TS0012" "the catalog has no such dependency";
    CHOICE = "TS0013" "the value is not one of the choices";
    DANGLING = "TS0014" "the reference leads nowhere";
    DUPLICATE = "TS0015" "the same thing is declared twice";
    REPEATED_FACT = "TS0016" "a fact is stated twice";
    NOTHING_TO_OVERRIDE = "TS0017" "an environment overrides something that does not exist";
    FIXED_KEY = "TS0018" "the key cannot differ between environments";
    IMAGE = "TS0019" "the image reference is not valid";
    ENV_NAME = "TS0020" "the environment variable's name is not valid";
    ENV_TWICE = "TS0021" "an environment variable has two sources";
    PLAIN_SECRET = "TS0022" "a secret stands in plain text";
    LIMIT_BELOW_REQUEST = "TS0023" "a limit is below its request";
    PROBE = "TS0024" "the probe cannot work";
    NOT_APPLICABLE = "TS0025" "the key does not apply here";
    DEPENDENCY_FACT = "TS0026" "a dependency lacks a fact it needs";
    FROZEN = "TS0027" "the dependency's version is no longer maintained";
    MIGRATION = "TS0028" "the migration strategy cannot work";
    SECRET_SOURCE = "TS0029" "the secret cannot come from there";
    NOTHING_TO_CHECK = "TS0030" "a statement says nothing that can be checked";
    LABEL = "TS0031" "the label is not valid";
    SHELL = "TS0032" "the shell command hides failures";
    SAME_PROBE = "TS0033" "liveness and readiness ask the same question";
    TIMING = "TS0034" "the times do not add up";
    NAME_CLASH = "TS0035" "two names meet in the chart";
    TEXT = "TS0036" "the text is not valid here";
    TEMPLATE_TEXT = "TS0037" "template text stands where data is expected";
    TOO_LARGE = "TS0038" "the specification is too large";
    RESERVED = "TS0040" "the name is reserved";
    SCHEDULE = "TS0041" "the schedule cannot be met";
    SCALING = "TS0042" "the scaling cannot work";
    CAPACITY = "TS0043" "the pods do not fit";
    VOLUME = "TS0044" "the volume cannot work";
    EXPOSURE = "TS0045" "the exposure cannot work";
    PATCH = "TS0046" "the patch takes a guarantee away";
    MONITORING = "TS0047" "nothing is monitored";
    SETTINGS = "TS0048" "the server's settings exceed its memory";
    RULE = "TS0049" "there is no such rule";
    EXPRESSION = "TS0050" "the expression cannot be read";
    PARAMETER = "TS0051" "the rule's parameters are wrong";
}

/// The code with an id, whatever its case.
pub fn find(id: &str) -> Option<&'static Code> {
    ALL.iter().find(|code| code.id.eq_ignore_ascii_case(id))
}

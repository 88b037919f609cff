//! What expressions can call, beyond CEL and Kubernetes' own functions.
//!
//! `docs/expressions.md` is made of [`FUNCTIONS`]; a test holds the two together.

mod arguments;
mod findings;
mod forms;
mod objects;
mod paths;
mod stated;

use crate::data::to_json;
use crate::world::World;
use kube_cel::cel::{ExecutionError, ResolveResult, Value as Cel};
use serde_json::Value;
use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, LazyLock};

/// A function of the expression language.
#[derive(Debug)]
pub struct Function {
    /// How it is called.
    pub call: &'static str,
    /// What it gives.
    pub doc: &'static str,
    /// What it does.
    body: Body,
}

/// What a function does with a call.
pub type Body = fn(&Call<'_>) -> ResolveResult;

/// Functions over renderings. After `rendering("prod").` they ask that environment.
pub const FUNCTIONS: &[Function] = &[
    Function {
        call: "object(kind, name)",
        doc: "The one object of a kind that a name means: its own name, that of its workload or dependency, or the end of its name. An error if there is none or several.",
        body: objects::object,
    },
    Function {
        call: "objects(kind)",
        doc: "All objects of a kind; `objects()` is all objects.",
        body: objects::objects,
    },
    Function {
        call: "made()",
        doc: "All objects whose templates the compiler wrote: neither those of dependencies' charts nor the specification's `manifests`.",
        body: objects::made,
    },
    Function {
        call: "has(kind, name)",
        doc: "Whether there is such an object. With one argument, `has(a.b)`, it is CEL's own: whether a field is there.",
        body: objects::has,
    },
    Function {
        call: "workload(name)",
        doc: "A workload as `name`, `kind`, `component`, `replicas` and `mostReplicas` (of its autoscaler, if it has one), `object`, `pod`, `container` (the first), `containers`, `allContainers`, `init`, `sidecars`, `env` (variables whose text is known), `hooks`, `closed.ingress`, `closed.egress` (whether a network policy limits its pods), `disruption` (its budget, or null), `security` (for each container `runAsNonRoot`, `runAsUser`, `seccomp`, `privileged`, `allowPrivilegeEscalation`, `readOnlyRootFilesystem`, `drop`, `add`, as they hold), `own` (false for those of dependencies), `made` (also true for embedded dependencies).",
        body: objects::workload,
    },
    Function {
        call: "workloads()",
        doc: "All workloads that the chart itself makes, without the pod of `helm test`.",
        body: objects::workloads,
    },
    Function {
        call: "pods()",
        doc: "Everything with pods, also tests, hooks and dependencies, as `workload` gives it.",
        body: objects::pods,
    },
    Function {
        call: "selected(object)",
        doc: "What has pods that a Service, disruption budget, network policy or workload selects.",
        body: objects::selected,
    },
    Function {
        call: "hooks(event)",
        doc: "Objects that are a hook of Helm, such as \"pre-upgrade\", in the order in which they run.",
        body: objects::hooks,
    },
    Function {
        call: "pairs(list)",
        doc: "Each entry of a list with the next one, as `first` and `second`.",
        body: arguments::pairs,
    },
    Function {
        call: "totals()",
        doc: "What all pods of the rendering ask for together: `requests.cpu`, `requests.memory`, `limits.cpu`, `limits.memory` for as many pods as an autoscaler allows, and `storage`; cores and bytes as numbers.",
        body: findings::totals,
    },
    Function {
        call: "image(text)",
        doc: "An image reference as `repository`, `tag` and `digest`; empty where it has none.",
        body: arguments::image,
    },
    Function {
        call: "at(value, path)",
        doc: "What stands at a dotted path such as `spec.strategy.type`; null if there is nothing.",
        body: arguments::at,
    },
    Function {
        call: "every(value, path)",
        doc: "Everything at a dotted path as a list, through each entry of the lists on the way; empty if there is nothing.",
        body: arguments::every,
    },
    Function {
        call: "repeated(list)",
        doc: "Values that a list holds more than once.",
        body: arguments::repeated,
    },
    Function {
        call: "nothings(value)",
        doc: "Paths below which a key has no value.",
        body: arguments::nothings,
    },
    Function {
        call: "valid(form, text)",
        doc: "Whether a text has a form that Kubernetes demands: `name` (of an object), `word` (of a container), `label` (its value), `port` (its name), `key` (of a Secret), `schedule`, `json`.",
        body: arguments::valid,
    },
    Function {
        call: "stated(topic)",
        doc: "What the specification says of the objects, read without the compiler: `object`, `path`, `found`, `expected`. Topics: `workloads`, `images`, `commands`, `resources`, `variables`, `ports`, `probes`, `mounts`, `replicas`, `scaling`, `runs`, `rollout`, `identity`, `placement`, `labels`, `storage`, `services`, `exposure`, `metrics`, `secrets`, `migrations`, `peers`, `connections`, `dependencies`.",
        body: findings::stated,
    },
    Function {
        call: "helpers()",
        doc: "Containers of the chart's pods that no specification names, since the compiler adds them: what waits for servers and migrations, leaves a mark or tests: `object`, `path`, `container`.",
        body: findings::helpers,
    },
    Function {
        call: "seconds(duration)",
        doc: "A duration such as `90s`, `5m` or `1h30m` in seconds.",
        body: arguments::seconds,
    },
    Function {
        call: "share(number or percentage, of, up)",
        doc: "How many of a number of pods `25%` or `2` means; `up` says whether parts of a pod count as one.",
        body: arguments::share,
    },
    Function {
        call: "allowed(from, to, port)",
        doc: "Whether the network policies at both ends let pods of one workload connect to a port of another.",
        body: findings::allowed,
    },
    Function {
        call: "admits(workload, port)",
        doc: "Whether the network policies let somebody outside of the release connect to a port of a workload, by its number.",
        body: findings::admits,
    },
    Function {
        call: "leads()",
        doc: "Addresses of Services in variables and Secrets: `object`, `path`, `host`, `port`, `service` (whether there is such a Service), `listens` (whether it has the port), `open` (whether the network policies let the pods connect that have the address), `strong` (whether a URL of a Secret has a port and a long password).",
        body: findings::leads,
    },
    Function {
        call: "dangling()",
        doc: "References to objects that neither the rendering has nor the specification names: `object`, `path`, `kind`, `name`.",
        body: findings::dangling,
    },
    Function {
        call: "tooEarly()",
        doc: "References of hooks to objects that are only made after them, in the same form.",
        body: findings::too_early,
    },
    Function {
        call: "unexplained()",
        doc: "Places where an object differs from that of another environment, or of the same one with a longer release name, although the specification says the same of both: `object`, `path`, `found`, `expected`, `other`.",
        body: findings::unexplained,
    },
    Function {
        call: "exposedSecrets()",
        doc: "Places outside of Secrets where the value of a Secret stands, or a variable that is called like a secret has a text: `object`, `path`.",
        body: findings::exposed_secrets,
    },
    Function {
        call: "refused()",
        doc: "Whether Helm refused to render the chart with these values.",
        body: findings::refused,
    },
    Function {
        call: "amount(quantity)",
        doc: "A quantity such as `250m` or `1Gi` as a number that compares.",
        body: arguments::amount,
    },
];

/// Functions of CEL and of Kubernetes' libraries for it.
const OTHERS: &[&str] = &[
    "contains",
    "size",
    "max",
    "min",
    "startsWith",
    "endsWith",
    "string",
    "double",
    "int",
    "uint",
    "matches",
    "charAt",
    "lowerAscii",
    "upperAscii",
    "replace",
    "indexOf",
    "split",
    "lastIndexOf",
    "substring",
    "trim",
    "join",
    "reverse",
    "isSorted",
    "sum",
    "slice",
    "sort",
    "flatten",
    "distinct",
    "first",
    "last",
    "lists.range",
    "sets.contains",
    "sets.equivalent",
    "sets.intersects",
    "find",
    "findAll",
    "math.ceil",
    "math.floor",
    "math.round",
    "math.trunc",
    "math.abs",
    "math.sign",
    "math.greatest",
    "math.least",
    "quantity",
    "isQuantity",
    "isInteger",
    "asInteger",
    "asApproximateFloat",
    "sign",
    "add",
    "sub",
    "isGreaterThan",
    "isLessThan",
    "compareTo",
    "rendering",
];

/// Names of the functions of [`FUNCTIONS`].
fn own() -> impl Iterator<Item = &'static str> {
    FUNCTIONS
        .iter()
        .filter_map(|one| one.call.split('(').next())
}

/// Whether expressions may call a function.
pub fn is_known(name: &str) -> bool {
    OTHERS.contains(&name) || own().any(|known| known == name)
}

/// A function of nearly this name.
pub fn nearest(name: &str) -> Option<&'static str> {
    let all: Vec<&'static str> = own().chain(OTHERS.iter().copied()).collect();
    let near = taskspec_spec::suggest::nearest(name, all.iter().copied())?;
    all.into_iter().find(|known| *known == near)
}

/// What an expression is judged in.
#[derive(Debug, Clone)]
pub struct Scene {
    /// All renderings.
    pub worlds: Arc<Vec<Arc<World>>>,
    /// Index of the one that is judged.
    pub current: usize,
    /// Texts of the specification: names of objects that exist before the chart.
    pub known: Arc<BTreeSet<String>>,
    /// Variables whose plain text the specification insists on.
    pub plain: Arc<BTreeSet<String>>,
}

impl Scene {
    /// The rendering that is judged.
    pub fn world(&self) -> &Arc<World> {
        &self.worlds[self.current]
    }

    /// The plain rendering of an environment.
    pub fn named(&self, environment: &str) -> Option<&Arc<World>> {
        self.worlds.iter().find(|world| {
            world.environment == environment && world.values.is_null() && !world.longest_name
        })
    }
}

/// A call of a function of [`FUNCTIONS`].
#[derive(Debug)]
pub struct Call<'a> {
    /// How it is called.
    pub name: &'a str,
    /// Where.
    pub scene: &'a Scene,
    /// What stands before the dot.
    pub target: Option<Cel>,
    /// What stands in the brackets.
    pub args: Vec<Cel>,
}

impl<'a> Call<'a> {
    /// The rendering that is meant: that of the target, else the judged one.
    fn world(&self) -> Result<&'a World, ExecutionError> {
        let Some(target) = &self.target else {
            return Ok(self.scene.world());
        };
        let named = paths::at(target, "rendering");
        let Cel::String(environment) = named else {
            return Err(self.error("write it without anything before it"));
        };
        match self.scene.named(&environment) {
            Some(world) => Ok(world),
            None => Err(self.error(format!("there is no environment `{environment}`"))),
        }
    }

    fn error(&self, message: impl ToString) -> ExecutionError {
        ExecutionError::function_error(self.name, message)
    }

    /// An argument as it is.
    fn value(&self, index: usize) -> Result<&Cel, ExecutionError> {
        let number = index + 1;
        let found = self.args.get(index);
        found.ok_or_else(|| self.error(format!("needs an argument number {number}")))
    }

    /// An argument as data.
    fn data(&self, index: usize) -> Result<Value, ExecutionError> {
        self.value(index).map(to_json)
    }

    /// An argument that is text.
    fn text(&self, index: usize) -> Result<&str, ExecutionError> {
        match self.value(index)? {
            Cel::String(text) => Ok(text),
            other => Err(self.error(format!("takes text, not {}", to_json(other)))),
        }
    }
}

/// What a function of this name does; none for those of CEL and Kubernetes.
pub fn body(name: &str) -> Option<Body> {
    static BODIES: LazyLock<HashMap<&str, Body>> = LazyLock::new(|| {
        let all = own().zip(FUNCTIONS).map(|(name, one)| (name, one.body));
        all.chain([("rendering", objects::rendering as Body)])
            .collect()
    });
    BODIES.get(name).copied()
}

fn list(items: impl IntoIterator<Item = Cel>) -> Cel {
    Cel::List(Arc::new(items.into_iter().collect()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evaluate::{Scope, evaluate};

    #[test]
    fn each_documented_function_is_there() {
        let world = Arc::new(World::new(Ok(Vec::new())));
        let scene = Scene {
            worlds: Arc::new(vec![world]),
            current: 0,
            known: Arc::default(),
            plain: Arc::default(),
        };
        let scope = Scope::new(&scene);
        for name in own().chain(["rendering"]).chain(OTHERS.iter().copied()) {
            let call = kube_cel::cel::Program::compile(&format!("{name}()")).unwrap();
            let said = evaluate(call.expression(), &scope)
                .map_or_else(|fault| fault.to_string(), |_| String::new());
            assert!(!said.contains("Undeclared"), "{name}: {said}");
        }
        assert_eq!(nearest("worklaod"), Some("workload"));
    }
}

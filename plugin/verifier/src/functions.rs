//! What expressions can call, beyond CEL and Kubernetes' own functions.
//!
//! `docs/expressions.md` is made of [`FUNCTIONS`]; a test holds the two together.

mod forms;
mod paths;
mod stated;

use crate::amount::{amount, seconds, share};
use crate::data::{to_cel, to_json};
use crate::manifest::{matches, text};
use crate::world::World;
use crate::{network, references, secrets, totals};
use kube_cel::KubeCelExt as _;
use kube_cel::cel::{Context, ExecutionError, FunctionContext, ResolveResult, Value as Cel};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::Arc;

/// A function of the expression language.
#[derive(Debug)]
pub struct Function {
    /// How it is called.
    pub call: &'static str,
    /// What it gives.
    pub doc: &'static str,
}

/// Functions over renderings. After `rendering("prod").` they ask that environment.
pub const FUNCTIONS: &[Function] = &[
    Function {
        call: "object(kind, name)",
        doc: "The one object of a kind that a name means: its own name, that of its workload or dependency, or the end of its name. An error if there is none or several.",
    },
    Function {
        call: "objects(kind)",
        doc: "All objects of a kind; `objects()` is all objects.",
    },
    Function {
        call: "made()",
        doc: "All objects whose templates the compiler wrote: neither those of dependencies' charts nor the specification's `manifests`.",
    },
    Function {
        call: "has(kind, name)",
        doc: "Whether there is such an object. With one argument, `has(a.b)`, it is CEL's own: whether a field is there.",
    },
    Function {
        call: "workload(name)",
        doc: "A workload as `name`, `kind`, `component`, `replicas` and `mostReplicas` (of its autoscaler, if it has one), `object`, `pod`, `container` (the first), `containers`, `allContainers`, `init`, `sidecars`, `env` (variables whose text is known), `hooks`, `closed.ingress`, `closed.egress` (whether a network policy limits its pods), `disruption` (its budget, or null), `security` (for each container `runAsNonRoot`, `runAsUser`, `seccomp`, `privileged`, `allowPrivilegeEscalation`, `readOnlyRootFilesystem`, `drop`, `add`, as they hold), `own` (false for those of dependencies), `made` (also true for embedded dependencies).",
    },
    Function {
        call: "workloads()",
        doc: "All workloads that the chart itself makes, without the pod of `helm test`.",
    },
    Function {
        call: "pods()",
        doc: "Everything with pods, also tests, hooks and dependencies, as `workload` gives it.",
    },
    Function {
        call: "selected(object)",
        doc: "What has pods that a Service, disruption budget, network policy or workload selects.",
    },
    Function {
        call: "hooks(event)",
        doc: "Objects that are a hook of Helm, such as \"pre-upgrade\", in the order in which they run.",
    },
    Function {
        call: "pairs(list)",
        doc: "Each entry of a list with the next one, as `first` and `second`.",
    },
    Function {
        call: "totals()",
        doc: "What all pods of the rendering ask for together: `requests.cpu`, `requests.memory`, `limits.cpu`, `limits.memory` for as many pods as an autoscaler allows, and `storage`; cores and bytes as numbers.",
    },
    Function {
        call: "image(text)",
        doc: "An image reference as `repository`, `tag` and `digest`; empty where it has none.",
    },
    Function {
        call: "at(value, path)",
        doc: "What stands at a dotted path such as `spec.strategy.type`; null if there is nothing.",
    },
    Function {
        call: "every(value, path)",
        doc: "Everything at a dotted path as a list, through each entry of the lists on the way; empty if there is nothing.",
    },
    Function {
        call: "repeated(list)",
        doc: "Values that a list holds more than once.",
    },
    Function {
        call: "nothings(value)",
        doc: "Paths below which a key has no value.",
    },
    Function {
        call: "valid(form, text)",
        doc: "Whether a text has a form that Kubernetes demands: `name` (of an object), `word` (of a container), `label` (its value), `port` (its name), `key` (of a Secret), `schedule`, `json`.",
    },
    Function {
        call: "stated(topic)",
        doc: "What the specification says of the objects, read without the compiler: `object`, `path`, `found`, `expected`. Topics: `workloads`, `images`, `commands`, `resources`, `variables`, `ports`, `probes`, `mounts`, `replicas`, `scaling`, `runs`, `rollout`, `identity`, `placement`, `labels`, `storage`, `services`, `exposure`, `metrics`, `secrets`, `migrations`, `peers`, `connections`.",
    },
    Function {
        call: "seconds(duration)",
        doc: "A duration such as `90s`, `5m` or `1h30m` in seconds.",
    },
    Function {
        call: "share(number or percentage, of, up)",
        doc: "How many of a number of pods `25%` or `2` means; `up` says whether parts of a pod count as one.",
    },
    Function {
        call: "allowed(from, to, port)",
        doc: "Whether the network policies at both ends let pods of one workload connect to a port of another.",
    },
    Function {
        call: "admits(workload, port)",
        doc: "Whether the network policies let somebody outside of the release connect to a port of a workload, by its number.",
    },
    Function {
        call: "leads()",
        doc: "Addresses of Services in variables and Secrets: `object`, `path`, `host`, `port`, `service` (whether there is such a Service), `listens` (whether it has the port), `open` (whether the network policies let the pods connect that have the address), `strong` (whether a URL of a Secret has a port and a long password).",
    },
    Function {
        call: "dangling()",
        doc: "References to objects that neither the rendering has nor the specification names: `object`, `path`, `kind`, `name`.",
    },
    Function {
        call: "tooEarly()",
        doc: "References of hooks to objects that are only made after them, in the same form.",
    },
    Function {
        call: "exposedSecrets()",
        doc: "Places outside of Secrets where the value of a Secret stands, or a variable that is called like a secret has a text: `object`, `path`.",
    },
    Function {
        call: "refused()",
        doc: "Whether Helm refused to render the chart with these values.",
    },
    Function {
        call: "amount(quantity)",
        doc: "A quantity such as `250m` or `1Gi` as a number that compares.",
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

    /// The rendering that a call means: that of its target, else the judged one.
    fn of(&self, call: &FunctionContext<'_, '_>) -> Result<&Arc<World>, ExecutionError> {
        let Some(target) = &call.this else {
            return Ok(self.world());
        };
        let named = to_json(target);
        let environment = named["rendering"].as_str();
        let environment =
            environment.ok_or_else(|| call.error("write it without anything before it"))?;
        self.named(environment)
            .ok_or_else(|| call.error(format!("there is no environment `{environment}`")))
    }

    /// The plain rendering of an environment.
    pub fn named(&self, environment: &str) -> Option<&Arc<World>> {
        self.worlds.iter().find(|world| {
            world.environment == environment && world.values.is_null() && !world.longest_name
        })
    }

    /// What a function without arguments lists, as it does for expressions; none
    /// for other functions.
    pub fn listed(&self, function: &str) -> Option<Result<Vec<Cel>, String>> {
        let world = self.world();
        let items = |list: &Cel| match list {
            Cel::List(items) => items.to_vec(),
            _ => Vec::new(),
        };
        Some(match function {
            "made" => world.lists().map(|all| items(&all.made)),
            "pods" => world.lists().map(|all| items(&all.pods)),
            "objects" => world
                .all()
                .map(|all| all.iter().map(|object| world.plain(object)).collect()),
            "workloads" => world
                .own_workloads()
                .map(|all| all.into_iter().map(|object| world.view(object)).collect()),
            _ => return None,
        })
    }

    /// A context with all functions, and variables about the rendering.
    pub fn context(&self) -> Context<'static> {
        let mut context = Context::default().with_all();
        let world = self.world();
        for (name, value) in [
            ("environment", &world.environment),
            ("release", &world.release),
            ("namespace", &world.namespace),
            ("chart", &world.chart),
        ] {
            context.add_variable_from_value(name, to_cel(&json!(value)));
        }
        context.add_variable_from_value("spec", world.spec.clone());
        self.add_objects(&mut context);
        self.add_findings(&mut context);
        add_data(&mut context);
        let scene = self.clone();
        native(&mut context, "rendering", move |call| {
            let name = argument(call, 0)?;
            if scene.named(&name).is_none() {
                return Err(call.error(format!("there is no environment `{name}`")));
            }
            Ok(to_cel(&json!({ "rendering": name })))
        });
        context
    }

    fn add_objects(&self, context: &mut Context<'static>) {
        self.add(context, "object", |world, call| {
            let (kind, name) = (argument(call, 0)?, argument(call, 1)?);
            let object = world.one(&kind, &name).map_err(|fault| call.error(fault))?;
            Ok(world.plain(object))
        });
        self.add(context, "objects", |world, call| {
            if call.args.is_empty() {
                return world
                    .lists()
                    .map(|all| all.objects.clone())
                    .map_err(|fault| call.error(fault));
            }
            let objects = world.of_kind(&argument(call, 0)?);
            let objects = objects.map_err(|fault| call.error(fault))?;
            Ok(list(objects.into_iter().map(|object| world.plain(object))))
        });
        self.add(context, "made", |world, call| {
            let all = world.lists().map_err(|fault| call.error(fault))?;
            Ok(all.made.clone())
        });
        self.add(context, "has", |world, call| {
            let (kind, name) = (argument(call, 0)?, argument(call, 1)?);
            let found = world.named(&kind, &name);
            let found = found.map_err(|fault| call.error(fault))?;
            Ok(Cel::Bool(!found.is_empty()))
        });
        self.add(context, "workload", |world, call| {
            let name = argument(call, 0)?;
            world.workload(&name).map_err(|fault| call.error(fault))
        });
        self.add(context, "workloads", |world, call| {
            let all = world.own_workloads().map_err(|fault| call.error(fault))?;
            Ok(list(all.into_iter().map(|object| world.view(object))))
        });
        self.add(context, "pods", |world, call| {
            let all = world.lists().map_err(|fault| call.error(fault))?;
            Ok(all.pods.clone())
        });
        self.add(context, "hooks", |world, call| {
            let event = argument(call, 0)?;
            let all = world.all().map_err(|fault| call.error(fault))?;
            let mut hooks: Vec<_> = all
                .iter()
                .filter(|object| object.hooks().contains(&event.as_str()))
                .collect();
            hooks.sort_by_key(|object| (object.weight(), object.kind().to_owned(), object.id()));
            Ok(list(hooks.into_iter().map(|object| world.plain(object))))
        });
        self.add(context, "selected", |world, call| {
            let object = data(call, 0)?;
            selected(world, &object).map_err(|fault| call.error(fault))
        });
        self.add(context, "admits", |world, call| {
            let (to, port) = (data(call, 0)?, data(call, 1)?);
            let admitted = network::admits(world, &to["pod"], &port);
            admitted.map(Cel::Bool).map_err(|fault| call.error(fault))
        });
        self.add(context, "allowed", |world, call| {
            let (from, to, port) = (data(call, 0)?, data(call, 1)?, data(call, 2)?);
            let allowed = network::allowed(world, &from["pod"], &to["pod"], &port);
            allowed.map(Cel::Bool).map_err(|fault| call.error(fault))
        });
    }

    fn add_findings(&self, context: &mut Context<'static>) {
        let known = Arc::clone(&self.known);
        self.add(context, "dangling", move |world, call| {
            let known = |name: &str| known.contains(name);
            let found = references::dangling(world, &known).map_err(|fault| call.error(fault))?;
            Ok(to_cel(&Value::Array(found)))
        });
        let known = Arc::clone(&self.known);
        self.add(context, "leads", move |world, call| {
            let known = |name: &str| known.contains(name);
            let found = network::leads(world, &known).map_err(|fault| call.error(fault))?;
            Ok(to_cel(&Value::Array(found)))
        });
        self.add(context, "tooEarly", |world, call| {
            let found = references::too_early(world).map_err(|fault| call.error(fault))?;
            Ok(to_cel(&Value::Array(found)))
        });
        let plain = Arc::clone(&self.plain);
        self.add(context, "exposedSecrets", move |world, call| {
            let found = secrets::exposed(world, &plain).map_err(|fault| call.error(fault))?;
            Ok(to_cel(&Value::Array(found)))
        });
        self.add(context, "stated", |world, call| {
            let topic = argument(call, 0)?;
            let facts = stated::facts(world, &topic).map_err(|fault| call.error(fault))?;
            Ok(to_cel(&Value::Array(facts)))
        });
        self.add(context, "refused", |world, _| {
            Ok(Cel::Bool(world.objects.is_err()))
        });
        self.add(context, "totals", |world, call| {
            let totals = totals::of(world).map_err(|fault| call.error(fault))?;
            Ok(to_cel(&json!(totals)))
        });
    }

    /// Adds a function over the rendering that a call means.
    fn add(
        &self,
        context: &mut Context<'static>,
        name: &str,
        body: impl Fn(&World, &FunctionContext<'_, '_>) -> ResolveResult + Send + Sync + 'static,
    ) {
        let scene = self.clone();
        native(context, name, move |call| body(scene.of(call)?, call));
    }
}

/// Functions that look at nothing but their arguments.
fn add_data(context: &mut Context<'static>) {
    native(context, "amount", |call| {
        let value = data(call, 0)?;
        let quantity = value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned);
        let number = amount(&quantity).map_err(|fault| call.error(fault))?;
        Ok(Cel::Float(number))
    });
    native(context, "seconds", |call| {
        let text = argument(call, 0)?;
        let number = seconds(&text).map_err(|fault| call.error(fault))?;
        Ok(Cel::Int(number))
    });
    native(context, "share", |call| {
        let (of, up) = (data(call, 1)?, data(call, 2)?);
        let of = of
            .as_i64()
            .ok_or_else(|| call.error("the second argument is a number"))?;
        let number = share(&data(call, 0)?, of, up == true);
        number.map(Cel::Int).map_err(|fault| call.error(fault))
    });
    native(context, "image", |call| {
        Ok(to_cel(&image(&argument(call, 0)?)))
    });
    native(context, "valid", |call| {
        let form = argument(call, 0)?;
        let valid = forms::valid(&form, &argument(call, 1)?);
        valid
            .map(Cel::Bool)
            .ok_or_else(|| call.error(format!("there is no form `{form}`")))
    });
    native(context, "at", |call| {
        Ok(paths::at(&value(call, 0)?, &argument(call, 1)?))
    });
    native(context, "every", |call| {
        Ok(list(paths::every(&value(call, 0)?, &argument(call, 1)?)))
    });
    native(context, "repeated", |call| match value(call, 0)? {
        Cel::List(all) => Ok(list(paths::repeated(&all))),
        _ => Err(call.error("takes a list")),
    });
    native(context, "nothings", |call| {
        let mut found = Vec::new();
        paths::nothings(&value(call, 0)?, "", &mut found);
        Ok(to_cel(&json!(found)))
    });
    native(context, "pairs", |call| {
        let all = data(call, 0)?;
        let all = all.as_array().ok_or_else(|| call.error("takes a list"))?;
        let pairs = all
            .windows(2)
            .map(|pair| json!({ "first": pair[0], "second": pair[1] }));
        Ok(to_cel(&pairs.collect()))
    });
}

/// What the interpreter calls.
type Native = dyn Fn(&mut FunctionContext<'_, '_>) -> ResolveResult + Send + Sync;

fn native(
    context: &mut Context<'static>,
    name: &str,
    body: impl Fn(&FunctionContext<'_, '_>) -> ResolveResult + Send + Sync + 'static,
) {
    let native: Box<Native> = Box::new(move |call| body(call));
    context.add_function(name, native);
}

fn list(items: impl IntoIterator<Item = Cel>) -> Cel {
    Cel::List(Arc::new(items.into_iter().collect()))
}

/// An argument as it is.
fn value(call: &FunctionContext<'_, '_>, index: usize) -> ResolveResult {
    let expression = call.args.get(index).ok_or_else(|| {
        let number = index + 1;
        call.error(format!("needs an argument number {number}"))
    })?;
    call.ptx.resolve(expression)
}

/// An argument as data; the target of the call is the first one if it has one
/// that is no rendering.
fn data(call: &FunctionContext<'_, '_>, index: usize) -> Result<Value, ExecutionError> {
    value(call, index).map(|value| to_json(&value))
}

/// An argument that is text.
fn argument(call: &FunctionContext<'_, '_>, index: usize) -> Result<String, ExecutionError> {
    match data(call, index)? {
        Value::String(text) => Ok(text),
        other => Err(call.error(format!("takes text, not {other}"))),
    }
}

/// The parts of an image reference.
fn image(reference: &str) -> Value {
    let (name, digest) = reference.split_once('@').unwrap_or((reference, ""));
    let (repository, tag) = match name.rsplit_once(':') {
        // A colon before a slash is the port of a registry.
        Some((repository, tag)) if !tag.contains('/') => (repository, tag),
        _ => (name, ""),
    };
    json!({ "repository": repository, "tag": tag, "digest": digest })
}

/// Everything with pods that an object's selector takes.
fn selected(world: &World, object: &Value) -> Result<Cel, String> {
    let spec = &object["spec"];
    let selector = match text(&object["kind"]) {
        "Service" => json!({ "matchLabels": spec["selector"] }),
        "NetworkPolicy" => spec["podSelector"].clone(),
        _ => spec["selector"].clone(),
    };
    let all = world.all()?.iter();
    Ok(list(
        all.filter(|object| {
            object
                .pod()
                .is_some_and(|pod| matches(&selector, &pod["metadata"]["labels"]))
        })
        .map(|object| world.view(object)),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_have_parts() {
        for (reference, repository, tag, digest) in [
            ("a", "a", "", ""),
            ("a/b:1", "a/b", "1", ""),
            ("r:5000/a", "r:5000/a", "", ""),
            ("r:5000/a:1@sha256:x", "r:5000/a", "1", "sha256:x"),
        ] {
            let parts = json!({ "repository": repository, "tag": tag, "digest": digest });
            assert_eq!(image(reference), parts, "{reference}");
        }
    }

    #[test]
    fn each_documented_function_is_there() {
        let world = Arc::new(World::new(Ok(Vec::new())));
        let scene = Scene {
            worlds: Arc::new(vec![world]),
            current: 0,
            known: Arc::default(),
            plain: Arc::default(),
        };
        let context = scene.context();
        for name in own().chain(["rendering"]).chain(OTHERS.iter().copied()) {
            let call = kube_cel::cel::Program::compile(&format!("{name}()")).unwrap();
            let said = call
                .execute(&context)
                .map_or_else(|fault| fault.to_string(), |_| String::new());
            assert!(!said.contains("Undeclared"), "{name}: {said}");
        }
        assert_eq!(nearest("worklaod"), Some("workload"));
    }
}

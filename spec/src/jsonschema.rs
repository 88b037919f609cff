//! JSON Schema (2020-12) of the language, for editors: made from the same
//! shapes that the decoder uses.

use crate::model::{Document, Environment};
use crate::shape::{ScalarShape, Shape, TableShape};
use serde_json::{Map, Value, json};

/// The schema.
pub fn schema() -> Value {
    let mut definitions = Definitions::default();
    let root = definitions.table(&Document::SHAPE, Variant::Whole);
    let mut schema = Map::new();
    schema.insert(
        "$schema".into(),
        json!("https://json-schema.org/draft/2020-12/schema"),
    );
    schema.insert(
        "title".into(),
        json!("taskspec specification, version taskspec/v1"),
    );
    if let Value::Object(root) = root {
        schema.extend(root);
    }
    definitions.made.sort_keys();
    schema.insert("$defs".into(), Value::Object(definitions.made));
    Value::Object(schema)
}

/// A table as the base states it, or as an environment overrides it.
#[derive(Clone, Copy, PartialEq)]
enum Variant {
    Whole,
    Override,
}

#[derive(Default)]
struct Definitions {
    made: Map<String, Value>,
}

impl Definitions {
    fn table(&mut self, shape: &'static TableShape, variant: Variant) -> Value {
        let suffix = if variant == Variant::Override {
            "Override"
        } else {
            ""
        };
        let name = format!("{}{suffix}", shape.name);
        let reference = json!({ "$ref": format!("#/$defs/{name}") });
        if self.made.contains_key(&name) {
            return reference;
        }
        self.made.insert(name.clone(), Value::Null);
        let definition = self.definition(shape, variant);
        self.made.insert(name, definition);
        reference
    }

    fn definition(&mut self, shape: &'static TableShape, variant: Variant) -> Value {
        let mut properties = Map::new();
        let mut required = Vec::new();
        for field in shape.fields {
            if variant == Variant::Override && field.fixed {
                continue;
            }
            let described = self.described((field.shape)(), field.doc, variant);
            properties.insert(field.key.to_owned(), described);
            if field.required && variant == Variant::Whole {
                required.push(json!(field.key));
            }
        }
        let mut open = shape.open;
        if shape.name == Environment::SHAPE.name {
            open = false;
            for field in Document::SHAPE.fields.iter().filter(|field| !field.fixed) {
                let described = self.described((field.shape)(), field.doc, Variant::Override);
                properties.insert(field.key.to_owned(), described);
            }
        }
        let mut definition = Map::new();
        definition.insert("description".into(), json!(tidy(shape.doc)));
        definition.insert("type".into(), json!("object"));
        definition.insert("properties".into(), Value::Object(properties));
        if !required.is_empty() {
            definition.insert("required".into(), Value::Array(required));
        }
        definition.insert("additionalProperties".into(), json!(open));
        Value::Object(definition)
    }

    fn described(&mut self, shape: Shape, doc: &str, variant: Variant) -> Value {
        let mut schema = Map::new();
        schema.insert("description".into(), json!(tidy(doc)));
        if let Value::Object(inner) = self.shape(shape, variant) {
            schema.extend(inner);
        }
        Value::Object(schema)
    }

    fn shape(&mut self, shape: Shape, variant: Variant) -> Value {
        match shape {
            Shape::Table(table) => self.table(table, variant),
            Shape::Map { key, value, .. } => {
                let value = self.shape(value(), variant);
                let mut schema = Map::new();
                schema.insert("type".into(), json!("object"));
                schema.insert("propertyNames".into(), scalar(key));
                schema.insert("additionalProperties".into(), value);
                Value::Object(schema)
            }
            // A list is replaced whole, so its tables are complete in an override too.
            Shape::List(item) => {
                let item = match item() {
                    Shape::Free => json!(true),
                    item => self.shape(item, Variant::Whole),
                };
                json!({ "type": "array", "items": item })
            }
            Shape::Scalar(one) => scalar(one),
            Shape::Either(forms) => {
                let forms: Vec<Value> = forms
                    .iter()
                    .map(|form| self.shape(form(), Variant::Whole))
                    .collect();
                json!({ "anyOf": forms })
            }
            Shape::Free => json!({}),
        }
    }
}

fn scalar(shape: &ScalarShape) -> Value {
    // The texts are constants of this crate; a test parses every one.
    serde_json::from_str(shape.json).unwrap_or_else(|_| json!({}))
}

fn tidy(doc: &str) -> String {
    doc.lines()
        .map(str::trim)
        .collect::<Vec<_>>()
        .join("\n")
        .trim()
        .to_owned()
}

//! As much of JSON Schema 2020-12 as the schemas of the documents use, read from its text and not from our types. A keyword
//! it does not know ends the test: nothing is passed over.

use serde_json::{Map, Value};

/// What is wrong with a document, each with its place.
pub(crate) fn errors(schema: &Value, document: &Value) -> Vec<String> {
    let mut found = Vec::new();
    Check { root: schema, found: &mut found }.hold(schema, document, "");
    found
}

struct Check<'a> {
    root: &'a Value,
    found: &'a mut Vec<String>,
}

impl<'a> Check<'a> {
    fn hold(&mut self, schema: &'a Value, value: &Value, place: &str) {
        let schema = match schema {
            Value::Bool(true) => return,
            Value::Bool(false) => return self.say(place, "must not be there"),
            Value::Object(schema) => schema,
            other => panic!("not a schema: {other}"),
        };
        for (keyword, of) in schema {
            self.hold_keyword(schema, keyword, of, value, place);
        }
    }

    fn hold_keyword(
        &mut self,
        schema: &'a Map<String, Value>,
        keyword: &str,
        of: &'a Value,
        value: &Value,
        place: &str,
    ) {
        match keyword {
            "$schema" | "$defs" | "title" | "description" | "default" | "format" => {}
            "$ref" => self.hold(self.referred(of), value, place),
            "type" => self.must(is_one_of_types(of, value), place, &format!("must be {of}")),
            "const" => self.must(value == of, place, &format!("must be {of}")),
            "pattern" => self.must(matches(of, value), place, &format!("must match {of}")),
            "minimum" => {
                let least = of.as_f64().expect("a number");
                self.must(value.as_f64().is_none_or(|figure| figure >= least), place, "too small");
            }
            "anyOf" => self.must(self.passed(of, value) >= 1, place, "fits nothing of a list"),
            "oneOf" => self.must(self.passed(of, value) == 1, place, "must fit one of a list"),
            "required" => self.require(of, value, place),
            "properties" => self.hold_properties(of, value, place),
            "additionalProperties" => self.hold_others(schema, of, value, place),
            "prefixItems" => {
                for (n, (of, value)) in list(of).iter().zip(list(value)).enumerate() {
                    self.hold(of, value, &format!("{place}/{n}"));
                }
            }
            "items" => {
                let before = schema.get("prefixItems").map_or(0, |before| list(before).len());
                for (n, value) in list(value).iter().enumerate().skip(before) {
                    self.hold(of, value, &format!("{place}/{n}"));
                }
            }
            "minItems" => self.must(
                !value.is_array() || list(value).len() as u64 >= count(of),
                place,
                "too few",
            ),
            "maxItems" => self.must(
                !value.is_array() || list(value).len() as u64 <= count(of),
                place,
                "too many",
            ),
            "uniqueItems" => {
                let values = list(value);
                let twice = (1..values.len()).any(|n| values[..n].contains(&values[n]));
                self.must(!twice, place, "the same twice");
            }
            other => panic!("{other} is not known: teach it to this check"),
        }
    }

    fn say(&mut self, place: &str, what: &str) {
        self.found.push(format!("{place}: {what}"));
    }

    fn must(&mut self, holds: bool, place: &str, what: &str) {
        if !holds {
            self.say(place, what);
        }
    }

    fn referred(&self, reference: &Value) -> &'a Value {
        let pointer = reference.as_str().and_then(|text| text.strip_prefix('#'));
        let found = pointer.and_then(|pointer| self.root.pointer(pointer));
        found.unwrap_or_else(|| panic!("nothing at {reference}"))
    }

    /// How many of the schemas hold.
    fn passed(&self, schemas: &'a Value, value: &Value) -> usize {
        let holds = |schema| {
            let mut found = Vec::new();
            Check { root: self.root, found: &mut found }.hold(schema, value, "");
            found.is_empty()
        };
        list(schemas).iter().filter(|schema| holds(schema)).count()
    }

    fn require(&mut self, names: &Value, value: &Value, place: &str) {
        let Value::Object(fields) = value else { return };
        for name in list(names).iter().filter_map(Value::as_str) {
            self.must(fields.contains_key(name), place, &format!("{name} is missing"));
        }
    }

    fn hold_properties(&mut self, of: &'a Value, value: &Value, place: &str) {
        for (name, of) in of.as_object().expect("schemas by name") {
            if let Some(value) = value.get(name) {
                self.hold(of, value, &format!("{place}/{name}"));
            }
        }
    }

    fn hold_others(
        &mut self,
        schema: &Map<String, Value>,
        of: &'a Value,
        value: &Value,
        place: &str,
    ) {
        let Value::Object(fields) = value else { return };
        let known = schema.get("properties");
        let is_known = |name: &str| known.is_some_and(|known| known.get(name).is_some());
        for (name, value) in fields.iter().filter(|(name, _)| !is_known(name)) {
            self.hold(of, value, &format!("{place}/{name}"));
        }
    }
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn count(value: &Value) -> u64 {
    value.as_u64().expect("a count")
}

fn is_one_of_types(types: &Value, value: &Value) -> bool {
    let is = |name: &str| match name {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_u64() || value.is_i64(),
        "null" => value.is_null(),
        other => panic!("{other} is not known: teach it to this check"),
    };
    match types {
        Value::String(name) => is(name),
        types => list(types).iter().filter_map(Value::as_str).any(is),
    }
}

/// The two patterns there are, by hand.
fn matches(pattern: &Value, value: &Value) -> bool {
    let Value::String(text) = value else { return true };
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    match pattern.as_str().expect("a pattern") {
        r"^-?[0-9]+(\.[0-9]+)?$" => {
            let unsigned = text.strip_prefix('-').unwrap_or(text);
            let (whole, rest) = unsigned.split_once('.').unwrap_or((unsigned, "0"));
            digits(whole) && digits(rest)
        }
        "^(global|environment|(lane|account|strategy|venue|instrument):.+)$" => {
            let kinds = ["lane", "account", "strategy", "venue", "instrument"];
            let named = text
                .split_once(':')
                .is_some_and(|(kind, name)| kinds.contains(&kind) && !name.is_empty());
            named || ["global", "environment"].contains(&text.as_str())
        }
        other => panic!("{other} is not known: teach it to this check"),
    }
}

//! The table of methods: names, parameters, results and help.
//!
//! `system.listMethods`, `system.methodSignature` and `system.methodHelp` show this table and nothing else. What a method
//! does is the daemon's business.

mod supervisor;
mod system;

/// A type, as signatures name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Type {
    /// `string`
    String,
    /// `int`
    Int,
    /// `boolean`
    Boolean,
    /// `struct`
    Struct,
    /// `array`
    Array,
}

impl Type {
    /// The name in a signature.
    pub fn name(self) -> &'static str {
        match self {
            Self::String => "string",
            Self::Int => "int",
            Self::Boolean => "boolean",
            Self::Struct => "struct",
            Self::Array => "array",
        }
    }
}

/// A parameter of a method.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Param {
    /// Its type; the daemon may understand others too.
    pub kind: Type,
    /// Its name in the help.
    pub name: &'static str,
    /// What it is.
    pub help: &'static str,
    /// It may be left out.
    pub optional: bool,
}

impl Param {
    const fn new(kind: Type, name: &'static str, help: &'static str) -> Self {
        Self { kind, name, help, optional: false }
    }

    const fn optional(kind: Type, name: &'static str, help: &'static str) -> Self {
        Self { kind, name, help, optional: true }
    }
}

/// A method.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Method {
    /// Full name, such as `supervisor.getState`.
    pub name: &'static str,
    /// What it does, in lines.
    pub summary: &'static [&'static str],
    /// What it takes, in order; the optional ones are last.
    pub params: &'static [Param],
    /// What it answers with.
    pub result: Type,
    /// What the answer means.
    pub result_help: &'static str,
}

impl Method {
    /// How many parameters it takes.
    pub fn arity(&self) -> std::ops::RangeInclusive<usize> {
        let required = self.params.iter().filter(|param| !param.optional).count();
        required..=self.params.len()
    }

    /// `system.methodSignature`: the types of the result and of the parameters.
    pub fn signature(&self) -> impl Iterator<Item = &'static str> {
        std::iter::once(self.result).chain(self.params.iter().map(|param| param.kind)).map(Type::name)
    }

    /// `system.methodHelp`. Clients cut it apart at its `@param` and `@return` lines, as the original itself does.
    pub fn help(&self) -> String {
        let mut help = String::from(" ");
        help.push_str(&self.summary.join("\n        "));
        help.push_str("\n\n");
        for param in self.params {
            help.push_str(&format!("        @param {} {} {}\n", param.kind.name(), param.name, param.help));
        }
        help.push_str(&format!(
            "        @return {} result {}\n        ",
            self.result.name(),
            self.result_help
        ));
        help
    }
}

/// All methods, sorted by name.
pub fn all() -> impl Iterator<Item = &'static Method> {
    supervisor::METHODS.iter().chain(system::METHODS)
}

/// The method of this full name.
pub fn find(name: &str) -> Option<&'static Method> {
    all().find(|method| method.name == name)
}

/// The method `supervisor.` with this name.
pub fn find_supervisor(name: &str) -> Option<&'static Method> {
    all().find(|method| method.name.strip_prefix("supervisor.") == Some(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_complete_and_sorted() {
        let names: Vec<&str> = all().map(|method| method.name).collect();
        assert_eq!(names.iter().filter(|name| name.starts_with("supervisor.")).count(), 37);
        assert_eq!(names.iter().filter(|name| name.starts_with("system.")).count(), 4);
        assert!(names.is_sorted());
    }

    #[test]
    fn every_method_says_what_it_does() {
        for method in all() {
            assert!(!method.summary.is_empty() && !method.result_help.is_empty(), "{}", method.name);
            assert!(method.params.iter().all(|param| !param.help.is_empty()), "{}", method.name);
            assert!(method.params.is_sorted_by_key(|param| param.optional), "{}", method.name);
        }
    }

    /// What `system.methodSignature` of the original derives from a help text.
    fn signature_of(help: &str) -> Vec<&str> {
        let tagged = |tag: &'static str| {
            help.lines()
                .map(str::trim)
                .filter_map(move |line| line.strip_prefix(tag)?.split_whitespace().next())
        };
        tagged("@return ").chain(tagged("@param ")).collect()
    }

    #[test]
    fn the_signature_can_be_derived_from_the_help() {
        for method in all() {
            assert_eq!(
                signature_of(&method.help()),
                method.signature().collect::<Vec<_>>(),
                "{}",
                method.name
            );
        }
    }

    #[test]
    fn signatures_are_those_of_the_original() {
        for (name, signature) in [
            ("supervisor.startProcess", &["boolean", "string", "boolean"][..]),
            ("supervisor.tailProcessLog", &["array", "string", "int", "int"]),
            ("supervisor.signalAllProcesses", &["array", "string"]),
            ("supervisor.getState", &["struct"]),
            ("system.multicall", &["array", "array"]),
        ] {
            let method = find(name).expect("in the table");
            assert_eq!(method.signature().collect::<Vec<_>>(), signature, "{name}");
        }
        assert_eq!(find("supervisor.stopProcess").map(Method::arity), Some(1..=2));
        assert!(find("supervisor.nothing").is_none());
    }
}

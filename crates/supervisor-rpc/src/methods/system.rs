//! `system.*`.

use super::{Method, Param, Type};

const METHOD: Param =
    Param::new(Type::String, "name", "Full name of a method, such as 'supervisor.getState'");

/// Sorted by name.
pub(super) const METHODS: &[Method] = &[
    Method {
        name: "system.listMethods",
        summary: &["List the names of all methods."],
        params: &[],
        result: Type::Array,
        result_help: "The names, sorted",
    },
    Method {
        name: "system.methodHelp",
        summary: &["Explain a method."],
        params: &[METHOD],
        result: Type::String,
        result_help: "A text such as this one",
    },
    Method {
        name: "system.methodSignature",
        summary: &["Tell the types of the result and of the parameters of a method."],
        params: &[METHOD],
        result: Type::Array,
        result_help: "The type of the result, then those of the parameters",
    },
    Method {
        name: "system.multicall",
        summary: &[
            "Call several methods in turn. A call is a struct of methodName and",
            "params. Its result is what the method returned, or a struct of",
            "faultCode and faultString.",
        ],
        params: &[Param::new(Type::Array, "calls", "The calls")],
        result: Type::Array,
        result_help: "The results, in the order of the calls",
    },
];

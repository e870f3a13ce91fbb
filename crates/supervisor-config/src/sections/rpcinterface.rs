//! `[rpcinterface:x]`.

use crate::error::Reason;
use crate::options::{Context, Names};
use crate::python::is_blank;

/// One RPC namespace. Only supervisor's own factory can be loaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RpcInterface {
    /// The namespace: the part of the section's name behind the colon.
    pub name: String,
    /// It has keys beside the factory, of which supervisor's own takes none: the original finds out at the start.
    pub has_arguments: bool,
}

const FACTORY: &str = "supervisor.rpcinterface_factory";

/// Reads all namespaces.
pub(crate) fn read(context: &mut Context<'_>) -> Vec<RpcInterface> {
    let sections = context.document.sections().iter();
    let sections =
        sections.filter_map(|section| Some((section, section.name.strip_prefix("rpcinterface:")?)));
    let mut interfaces = Vec::new();
    for (section, name) in sections {
        let mut at = context.at(section, Names::default());
        match at.value::<String>(FACTORY, None) {
            Some(spec) if resolves(&spec, "supervisor.rpcinterface", "make_main_rpcinterface") => {
                let mut keys = section.entries().iter().chain(at.context.document.defaults.entries());
                let has_arguments = keys.any(|entry| entry.key != FACTORY);
                interfaces.push(RpcInterface { name: name.to_owned(), has_arguments });
            }
            Some(spec) => {
                let help = "Python code cannot be loaded; only supervisor.rpcinterface:make_main_rpcinterface is \
                            built in: remove the section";
                at.wrong(FACTORY, |section| Reason::Unresolved { spec, section }, Some(help));
            }
            None if at.entry(FACTORY).is_none() => {
                at.wrong(FACTORY, |section| Reason::NoFactory { section, key: FACTORY }, None);
            }
            None => {}
        }
        // The built-in factory takes no arguments, but a reread lets them pass when they are well formed.
        let defaults = at.context.document.defaults.entries().iter();
        let defaults = defaults.filter(|entry| section.get(&entry.key).is_none());
        for entry in section.entries().iter().chain(defaults).filter(|entry| entry.key != FACTORY) {
            at.expanded(&entry.value, format_args!("{}.{}", section.name, entry.key), Some(entry.mark));
        }
    }
    interfaces
}

/// Whether an entry point of Python, `module:attribute [extras]`, names this.
pub(crate) fn resolves(spec: &str, module: &str, attribute: &str) -> bool {
    let Some((left, right)) = spec.split_once(':') else { return false };
    let right = right.trim_matches(is_blank);
    let extras =
        right.strip_suffix(']').and_then(|rest| rest.find('[')).filter(|&at| !right[at..].contains('\n'));
    let right = &right[..extras.unwrap_or(right.len())];
    left.trim_end_matches(is_blank) == module && right.trim_end_matches(is_blank) == attribute
}

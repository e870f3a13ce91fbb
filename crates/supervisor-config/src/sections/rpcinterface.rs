//! `[rpcinterface:x]`.

/// One RPC namespace. Only supervisor's own factory can be loaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RpcInterface {
    /// The namespace: the part of the section's name behind the colon.
    pub name: String,
}

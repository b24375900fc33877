//! TLS as both halves of the client use it.

use std::sync::Arc;

use rustls::{ClientConfig, RootCertStore};

use super::error::VenueError;

/// Ring's cryptography and Mozilla's roots, both compiled in: nothing depends on a provider that
/// somebody must install for the process, nor on the certificates of the machine, which a slim
/// container lacks.
pub(crate) fn client_config() -> Result<ClientConfig, VenueError> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    let versions =
        ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let versions = versions.map_err(|e| VenueError::Setup { detail: e.to_string() })?;
    Ok(versions.with_root_certificates(roots).with_no_client_auth())
}

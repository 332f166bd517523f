//! Opens connections to PostgreSQL, with or without TLS.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use diesel_async::AsyncPgConnection;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use tokio::runtime::{Handle, Runtime};
use tokio_postgres::Client;
use tokio_postgres::config::{Host, SslMode};

use super::error::OpenError;

/// How the connection to PostgreSQL is protected.
#[derive(Clone, Debug)]
pub enum TlsMode {
    Off,
    /// TLS is required. Certificate and host name are verified with this file, or with the system's certificates.
    Verified {
        ca_file: Option<PathBuf>,
    },
}

pub fn socket_runtime() -> Result<Runtime, OpenError> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .thread_name("postgres-sockets")
        .enable_all()
        .build()
        .map_err(|_| OpenError::Runtime)
}

pub async fn connect(url: &str, tls: &TlsMode) -> Result<AsyncPgConnection, OpenError> {
    let connection_config = connection_config(url, tls)?;
    match tls {
        TlsMode::Off => {
            let (client, conn) = connection_config.connect(tokio_postgres::NoTls).await?;
            Ok(AsyncPgConnection::try_from_client_and_connection(client, conn).await?)
        }
        TlsMode::Verified { ca_file } => {
            let connector =
                tokio_postgres_rustls::MakeRustlsConnect::new(verified(ca_file.as_ref())?);
            let (client, conn) = connection_config.connect(connector).await?;
            Ok(AsyncPgConnection::try_from_client_and_connection(client, conn).await?)
        }
    }
}

fn connection_config(url: &str, tls: &TlsMode) -> Result<tokio_postgres::Config, OpenError> {
    let mut connection_config: tokio_postgres::Config =
        url.parse().map_err(|error| OpenError::url(&error))?;
    if connection_config.get_application_name().is_none() {
        connection_config.application_name("openhexa-bridge");
    }
    if let TlsMode::Verified { .. } = tls {
        if connection_config.get_hosts().iter().any(is_socket) {
            return Err(OpenError::SocketTls);
        }
        // Also if the URL says otherwise, so that the password is never sent to a server without TLS.
        connection_config.ssl_mode(SslMode::Require);
    }
    Ok(connection_config)
}

fn is_socket(host: &Host) -> bool {
    matches!(host, Host::Unix(_))
}

pub async fn plain(url: &str, tls: &TlsMode) -> Result<Client, OpenError> {
    let connection_config = connection_config(url, tls)?;
    match tls {
        TlsMode::Off => {
            let (client, conn) = connection_config.connect(tokio_postgres::NoTls).await?;
            Handle::current().spawn(conn);
            Ok(client)
        }
        TlsMode::Verified { ca_file } => {
            let connector =
                tokio_postgres_rustls::MakeRustlsConnect::new(verified(ca_file.as_ref())?);
            let (client, conn) = connection_config.connect(connector).await?;
            Handle::current().spawn(conn);
            Ok(client)
        }
    }
}

fn verified(ca_file: Option<&PathBuf>) -> Result<rustls::ClientConfig, OpenError> {
    use rustls_platform_verifier::BuilderVerifierExt as _;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| OpenError::Tls(error.to_string()))?;
    let Some(file) = ca_file else {
        let builder = builder
            .with_platform_verifier()
            .map_err(|error| OpenError::Tls(error.to_string()))?;
        return Ok(builder.with_no_client_auth());
    };
    let roots = root_certificates(file)?;
    Ok(builder.with_root_certificates(roots).with_no_client_auth())
}

/// Whether the file contains certificates, and only valid ones.
pub fn check_ca_file(file: &Path) -> Result<(), OpenError> {
    root_certificates(file).map(drop)
}

fn root_certificates(file: &Path) -> Result<rustls::RootCertStore, OpenError> {
    let unusable = |cause: String| OpenError::CaFile {
        file: file.to_owned(),
        cause,
    };
    // Read first, for the system's own error.
    let text = std::fs::read(file).map_err(|error| unusable(error.to_string()))?;
    let mut roots = rustls::RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(&text) {
        let certificate = certificate.map_err(|error| unusable(error.to_string()))?;
        roots
            .add(certificate)
            .map_err(|error| unusable(error.to_string()))?;
    }
    if roots.is_empty() {
        return Err(unusable(
            "it contains no certificate in PEM format (-----BEGIN CERTIFICATE-----)".to_owned(),
        ));
    }
    Ok(roots)
}

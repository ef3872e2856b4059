//! Two OpenID providers as a process: one that is certified, one that lies. See `tests/oidc/provider.mjs`.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, bail};
use serde_json::Value;

/// The providers; they end with this.
pub struct Providers {
    child: Child,
    /// Address of the certified one.
    pub genuine: String,
    /// Address of the one that lies.
    pub forging: String,
    /// What they know us by.
    pub client_id: String,
    /// What we prove it with.
    pub client_secret: String,
}

impl Providers {
    /// Starts them and waits for their addresses.
    ///
    /// # Errors
    /// When they do not start.
    pub fn start() -> Result<Self> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("oidc");
        if !folder.join("node_modules").exists() {
            bail!("the OpenID provider of the tests is not installed: run `make test-rust`, or `npm ci` in tests/oidc");
        }
        let mut child = Command::new("node")
            .arg("provider.mjs")
            .current_dir(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .context("node cannot be started")?;
        let stdout = child.stdout.take().context("node has no standard output")?;
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line)?;
        let told: Value = serde_json::from_str(&line).with_context(|| format!("the provider said {line:?}"))?;
        let text = |name: &str| told[name].as_str().unwrap_or_default().to_owned();
        Ok(Self {
            child,
            genuine: text("genuine"),
            forging: text("forging"),
            client_id: text("id"),
            client_secret: text("secret"),
        })
    }
}

impl Drop for Providers {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

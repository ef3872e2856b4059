//! Receivers of alerts: one that keeps what it is told, and Debian's Alertmanager.

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use hmac::{Hmac, Mac};
use serde_json::Value;
use sha2::Sha256;
use std::collections::HashMap;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// How long anything may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(180);

/// Something that was told.
#[derive(Debug, Clone)]
pub struct Told {
    path: String,
    text: String,
    signature: String,
    /// The key of the delivery.
    pub delivery: String,
    /// What.
    pub body: Value,
}

impl Told {
    /// Checks the signature as a receiver would, with nothing of ours but the description of it.
    pub fn signed_by(&self, secret: &str) {
        let (time, signature) = self.signature.split_once(",v1=").expect("a time and a signature");
        let time = time.strip_prefix("t=").expect("the time comes first");
        let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
        mac.update(format!("{time}.{}", self.text).as_bytes());
        let wanted: String = mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(signature, wanted);
    }
}

#[derive(Default)]
struct Kept {
    told: Mutex<Vec<Told>>,
    failing: Mutex<HashMap<String, usize>>,
}

/// A receiver that keeps what it is told.
pub struct Sink {
    /// Its `host:port`.
    pub address: String,
    kept: Arc<Kept>,
}

impl Sink {
    /// Listens on a port of its own.
    pub async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let kept = Arc::new(Kept::default());
        let router = Router::new().fallback(take).with_state(kept.clone());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { address, kept }
    }

    /// An address of it.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Answers 500 to so many first ones.
    pub fn fail_first(&self, path: &str, times: usize) {
        self.kept.failing.lock().unwrap().insert(path.to_owned(), times);
    }

    /// What was told there.
    pub fn told(&self, path: &str) -> Vec<Told> {
        self.kept.told.lock().unwrap().iter().filter(|told| told.path == path).cloned().collect()
    }

    /// What was told there once this holds.
    pub async fn until(&self, path: &str, holds: impl Fn(&[Told]) -> bool) -> Vec<Told> {
        let begin = Instant::now();
        loop {
            let told = self.told(path);
            if holds(&told) {
                return told;
            }
            assert!(begin.elapsed() < PATIENCE, "{path} was told {told:#?}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

async fn take(State(kept): State<Arc<Kept>>, uri: Uri, headers: HeaderMap, body: Bytes) -> StatusCode {
    let header = |name: &str| headers.get(name).map_or(String::new(), |value| value.to_str().unwrap().to_owned());
    let text = String::from_utf8(body.to_vec()).unwrap();
    let told = Told {
        path: uri.path().to_owned(),
        signature: header("felt-signature"),
        delivery: header("felt-delivery"),
        body: serde_json::from_str(&text).unwrap(),
        text,
    };
    kept.told.lock().unwrap().push(told);
    match kept.failing.lock().unwrap().get_mut(uri.path()) {
        Some(times) if *times > 0 => {
            *times -= 1;
            StatusCode::INTERNAL_SERVER_ERROR
        }
        _ => StatusCode::OK,
    }
}

/// A running Alertmanager of Debian's, gone when dropped.
pub struct Alertmanager {
    /// Its `host:port`.
    pub address: String,
    child: Child,
    _folder: tempfile::TempDir,
}

impl Drop for Alertmanager {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Alertmanager {
    /// Starts one that tells everything to `receiver`, and waits until it is ready.
    pub async fn start(receiver: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let config = format!(
            "route: {{receiver: sink, group_by: [site, slo], group_wait: 1s, group_interval: 1s, repeat_interval: 1h}}\n\
             receivers:\n  - name: sink\n    webhook_configs: [{{url: '{receiver}', send_resolved: true}}]\n"
        );
        std::fs::write(folder.path().join("alertmanager.yml"), config).unwrap();
        // A port that was free a moment ago.
        let address = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
        let child = Command::new("prometheus-alertmanager")
            .args(["--config.file", "alertmanager.yml", "--storage.path", "data", "--cluster.listen-address="])
            .arg(format!("--web.listen-address={address}"))
            .current_dir(folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| {
                panic!("prometheus-alertmanager cannot be run ({error}): run scripts/ensure-prometheus.sh first (make test does)")
            });
        let manager = Self { address, child, _folder: folder };
        let begin = Instant::now();
        while manager.get("/-/ready").is_none() {
            assert!(begin.elapsed() < PATIENCE, "Alertmanager does not become ready");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        manager
    }

    /// Its address.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The alerts it knows once this holds.
    pub async fn alerts_until(&self, holds: impl Fn(&[Value]) -> bool) -> Vec<Value> {
        let begin = Instant::now();
        loop {
            let found = self.get("/api/v2/alerts").and_then(|text| serde_json::from_str::<Vec<Value>>(&text).ok());
            let found = found.unwrap_or_default();
            if holds(&found) {
                return found;
            }
            assert!(begin.elapsed() < PATIENCE, "Alertmanager knows {found:#?}");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// A GET over a plain socket; `None` where it does not answer 200.
    fn get(&self, path: &str) -> Option<String> {
        use std::io::{Read, Write};
        let mut socket = std::net::TcpStream::connect(&self.address).ok()?;
        socket.set_read_timeout(Some(PATIENCE)).ok()?;
        write!(socket, "GET {path} HTTP/1.0\r\nHost: {}\r\n\r\n", self.address).ok()?;
        let mut answer = String::new();
        socket.read_to_string(&mut answer).ok()?;
        let (head, body) = answer.split_once("\r\n\r\n")?;
        head.contains(" 200 ").then(|| body.to_owned())
    }
}

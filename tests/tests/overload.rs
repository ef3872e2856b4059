//! The process under pressure, from outside: too little memory, no file descriptor left, told to stop twice, told nonsense.

use std::net::TcpListener;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use felt_tests::api::Api;
use felt_tests::beacons::snapshot;
use felt_tests::process::{Felt, children_of, run_felt};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const SERVE: [&str; 5] = ["serve", "--data", "data", "--listen", "127.0.0.1:0"];
/// Longer than anything here takes on the slowest machine.
const PATIENCE: Duration = Duration::from_secs(120);

fn serve(dir: &Path, config: &str) -> Result<Felt> {
    std::fs::write(dir.join("felt.toml"), config)?;
    Felt::start(&SERVE, dir)
}

fn host(felt: &Felt) -> String {
    felt.url.trim_start_matches("http://").to_owned()
}

/// A line of `/proc/PID/status` that is a size.
fn memory_bytes(felt: &Felt, line: &str) -> Result<u64> {
    let text = std::fs::read_to_string(format!("/proc/{}/status", felt.pid()))?;
    let kib = text.lines().find_map(|l| l.strip_prefix(line)?.split_whitespace().next()?.parse::<u64>().ok());
    Ok(kib.context("no such line")? * 1024)
}

/// The status of one request on a connection of its own; 0 when the connection broke.
async fn status_of(host: &str, request: &[u8]) -> (u16, String) {
    let Ok(stream) = TcpStream::connect(host).await else { return (0, String::new()) };
    let (mut read, mut write) = stream.into_split();
    let mut answer = Vec::new();
    let (_, _) = tokio::join!(write.write_all(request), read.read_to_end(&mut answer));
    let text = String::from_utf8_lossy(&answer).into_owned();
    (text.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0), text)
}

fn get(path: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nhost: felt\r\nconnection: close\r\n\r\n").into_bytes()
}

#[test]
fn every_fault_of_the_configuration_is_told_at_once_with_64_and_nothing_is_started() -> Result<()> {
    let taken = TcpListener::bind("127.0.0.1:0")?;
    let address = taken.local_addr()?.to_string();
    let table: [(&str, &[&str], &str, &[&str]); 8] = [
        (
            "unknown keys, wrong types and impossible values, in five sections",
            &SERVE,
            "nonsense = 1\n[log]\npartitions = \"many\"\nretention = 3\n[server]\nheaders_max = 0\nhead_bytes_max = 10\n\
             [query]\nlisten = \"here\"\n[[sites]]\nkey = \"Shop!\"\nname = \"x\"\norigins = [\"shop\"]\nrate_per_second = 0\n",
            &[
                "nonsense",
                "log.partitions",
                "log.retention",
                "server.headers_max",
                "server.head_bytes_max",
                "query.listen",
                "sites[Shop!].key",
                "sites[Shop!].origins[0]",
                "sites[Shop!].rate_per_second",
            ],
        ),
        ("no TOML", &SERVE, "[[sites\nkey = ", &["felt.toml", "(syntax)"]),
        (
            "two sites of one key",
            &SERVE,
            "[[sites]]\nkey='a'\norigins=['*']\n[[sites]]\nkey='a'\norigins=['*']\n",
            &["sites[a].key"],
        ),
        ("a file that is not there", &["--config", "none.toml", "serve"], "", &["none.toml", "cannot be read"]),
        ("ingest without Kafka", &["ingest", "--listen", "127.0.0.1:0"], "", &["kafka", "brokers"]),
        ("query without ClickHouse", &["query", "--listen", "127.0.0.1:0"], "", &["clickhouse", "url"]),
        ("processor without either", &["processor", "--listen", "127.0.0.1:0"], "", &["2 faults", "brokers", "url"]),
        ("a port that is taken", &["serve", "--data", "data", "--listen", &address], "", &[&address, "listened"]),
    ];
    for (name, args, config, told) in table {
        let dir = tempfile::tempdir()?;
        std::fs::write(dir.path().join("felt.toml"), config)?;
        let (code, printed, errors) = run_felt(args, dir.path())?;
        ensure!(code == 64, "{name}: exit code {code}: {errors}");
        ensure!(printed.is_empty(), "{name}: {printed}");
        for word in told {
            ensure!(errors.contains(word), "{name}: {word} is missing in {errors}");
        }
        ensure!(!dir.path().join("data").exists(), "{name}: nothing was begun");
    }
    Ok(())
}

#[tokio::test]
async fn told_to_stop_twice_it_ends_at_once_and_leaves_no_engine() -> Result<()> {
    let dir = tempfile::tempdir()?;
    // Longer than this test may take: only the second signal can end it.
    let felt = serve(
        dir.path(),
        "[server]\nbody_timeout_ms = 900000\nanswer_timeout_ms = 900000\ndrain_timeout_ms = 900000\n",
    )?;
    let engines = children_of(felt.pid())?;
    ensure!(!engines.is_empty(), "the engine is a child");
    let host = host(&felt);
    let mut unfinished = TcpStream::connect(&host).await?;
    let head =
        "POST /v1/beacon?site=shop HTTP/1.1\r\nhost: felt\r\ncontent-length: 100\r\nexpect: 100-continue\r\n\r\n";
    unfinished.write_all(head.as_bytes()).await?;
    // It is asked for the body, so the request was accepted.
    unfinished.read_exact(&mut [0; 25]).await?;

    felt.signal("TERM");
    let begun = Instant::now();
    while status_of(&host, &get("/readyz")).await.0 != 503 {
        ensure!(begun.elapsed() < PATIENCE, "it does not stop: {}", felt.printed());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    ensure!(status_of(&host, &get("/livez")).await.0 == 200, "it still waits for what was accepted");
    let pid = felt.pid();
    let ended = tokio::task::spawn_blocking(move || felt.stop()).await??;
    ensure!(ended.code() == Some(130), "process {pid}: {ended}");
    let begun = Instant::now();
    while engines.iter().any(|engine| Path::new(&format!("/proc/{engine}")).exists()) {
        ensure!(begun.elapsed() < PATIENCE, "an engine is left behind");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    Ok(())
}

fn open_files(felt: &Felt) -> Result<usize> {
    Ok(std::fs::read_dir(format!("/proc/{}/fd", felt.pid()))?.count())
}

fn limit_files(felt: &Felt, most: usize) -> Result<()> {
    let limit = format!("--nofile={most}:20000");
    let set = Command::new("prlimit").args(["--pid", &felt.pid().to_string(), &limit]).status()?;
    ensure!(set.success(), "prlimit (util-linux) cannot set {limit}");
    Ok(())
}

#[tokio::test]
async fn without_file_descriptors_open_connections_are_served_and_new_ones_as_soon_as_there_is_room() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let felt = serve(dir.path(), "[server]\nhead_timeout_ms = 900000\n")?;
    let api = Api::new(&felt.url, "shop");
    ensure!(api.beacon(snapshot("view-before", 0, 900.0).to_string()).await? == 204);
    let host = host(&felt);
    let mut kept = TcpStream::connect(&host).await?;
    let body = snapshot("view-during", 0, 900.0).to_string();
    let request =
        format!("POST /v1/beacon?site=shop HTTP/1.1\r\nhost: felt\r\ncontent-length: {}\r\n\r\n{body}", body.len());
    let mut answer = [0; 1024];
    for round in 0..5 {
        kept.write_all(request.as_bytes()).await?;
        let bytes = kept.read(&mut answer).await?;
        ensure!(answer[..bytes].starts_with(b"HTTP/1.1 204"), "{}", String::from_utf8_lossy(&answer[..bytes]));
        if round == 0 {
            limit_files(&felt, open_files(&felt)? + 8)?;
        }
        // They wait in the kernel's queue, or hold the last descriptors.
        let crowd: Vec<_> = futures::future::join_all((0..60).map(|_| TcpStream::connect(&host))).await;
        if let Some(error) = crowd.iter().find_map(|connected| connected.as_ref().err()) {
            anyhow::bail!("round {round}: a connection was refused: {error}: {}", felt.printed());
        }
        kept.write_all(request.as_bytes()).await?;
        let bytes = kept.read(&mut answer).await?;
        ensure!(answer[..bytes].starts_with(b"HTTP/1.1 204"), "an open connection is served on");
    }
    limit_files(&felt, 20_000)?;
    ensure!(api.beacon(snapshot("view-after", 0, 900.0).to_string()).await? == 204);
    api.until_views(3, "range=1h&metrics=lcp").await?;
    ensure!(felt.stop()?.success());
    Ok(())
}

/// What the process may hold beyond what it holds when idle: all bodies together would take more, and the part of it above the point at
/// which bodies are given up has room for so many connections.
const ROOM_BYTES: u64 = 160 << 20;
const SENDERS: usize = 1_500;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn short_of_memory_both_roles_refuse_with_503_below_the_ceiling_and_recover() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let felt = serve(dir.path(), "")?;
    let idle = memory_bytes(&felt, "VmRSS:")?;
    ensure!(felt.stop()?.success());
    let ceiling = idle + ROOM_BYTES;
    let felt = serve(dir.path(), &format!("[server]\nmemory_bytes_max = {ceiling}\nbody_timeout_ms = 900000\n"))?;
    let host: Arc<str> = host(&felt).into();

    // Senders of large bodies that never end, who come back as soon as they are refused.
    let head = "POST /v1/beacon?site=shop HTTP/1.1\r\nhost: felt\r\ncontent-length: 65000\r\n\r\n[";
    let request: Arc<[u8]> = [head.as_bytes(), &[b' '; 60_000]].concat().into();
    let (refused, done) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicBool::new(false)));
    let senders: Vec<_> = (0..SENDERS)
        .map(|_| {
            let (host, request, refused, done) = (host.clone(), request.clone(), refused.clone(), done.clone());
            tokio::spawn(async move {
                while !done.load(Ordering::Relaxed) {
                    let (status, answer) = status_of(&host, &request).await;
                    if status == 503 {
                        assert!(
                            answer.contains("urn:felt:problem:no-memory") && answer.contains("retry-after: "),
                            "{answer}"
                        );
                        refused.fetch_add(1, Ordering::Relaxed);
                    } else {
                        // A reset may overtake the answer of somebody who is still sending.
                        assert_eq!(status, 0, "{answer}");
                    }
                    tokio::time::sleep(Duration::from_millis(200)).await;
                }
            })
        })
        .collect();
    let begun = Instant::now();
    let mut query_refused = false;
    while refused.load(Ordering::Relaxed) < SENDERS / 4 || !query_refused {
        ensure!(begun.elapsed() < PATIENCE, "{refused:?} refused, query {query_refused}: {}", felt.printed());
        let held = memory_bytes(&felt, "VmRSS:")?;
        ensure!(held < ceiling, "the ceiling holds: {held} of {ceiling}, idle {idle}");
        let (status, answer) = status_of(&host, &get("/livez")).await;
        ensure!(status == 200, "a probe is always answered: {answer}");
        let (status, answer) = status_of(&host, &get("/api/v1/sites/shop/summary?range=1h")).await;
        query_refused |= status == 503 && answer.contains("urn:felt:problem:no-memory");
    }
    let peak = memory_bytes(&felt, "VmHWM:")?;
    ensure!(peak < ceiling, "at no time was there more: {peak} of {ceiling}, idle {idle}");

    done.store(true, Ordering::Relaxed);
    for sender in senders {
        sender.abort();
        if let Err(error) = sender.await {
            ensure!(error.is_cancelled(), "{error}");
        }
    }
    let api = Api::new(&felt.url, "shop");
    let begun = Instant::now();
    while api.beacon(snapshot("view-after", 0, 900.0).to_string()).await? != 204 {
        ensure!(begun.elapsed() < PATIENCE, "it does not recover: {} of {ceiling}", memory_bytes(&felt, "VmRSS:")?);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    api.until_views(1, "range=1h&metrics=lcp").await?;
    ensure!(felt.stop()?.success());
    Ok(())
}

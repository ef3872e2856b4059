//! `cargo bench -p felt-tests --bench ingest`: CPU seconds per million durable beacons, paired with nginx reading the body and
//! logging it buffered. Rounds alternate, so that a noisy machine is noisy for both; what counts is the ratio of medians.
//!
//! With `FELT_BENCH_BEFORE=PATH`, the `felt` of an earlier build takes its turn in every round, and the ratio to it is told.
//!
//! nginx with lua (Debian's `nginx` and `libnginx-mod-http-lua`) is the baseline when it is installed; else the run says so.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result};
use felt_eventlog::testing::kafka::KafkaServer;
use felt_tests::load::{beacon, cpu_time, post};
use felt_tests::process::{Felt, children_of, felt_binary};

const CONNECTIONS: usize = 512;
const REQUESTS: u64 = 60_000;
const ROUNDS: usize = 5;

#[tokio::main]
async fn main() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let nginx = Nginx::start(dir.path())?;
    let kafka = tokio::task::block_in_place(KafkaServer::start);
    let site = "[[sites]]\nkey = \"shop\"\nname = \"Shop\"\norigins = [\"*\"]\nrate_per_second = 1000000\nclient_rate_per_second = 1000000\n";
    let with_kafka = format!("{site}\n[kafka]\nbrokers = \"{}\"\n", kafka.brokers());
    let mut builds = vec![("", felt_binary())];
    builds.extend(std::env::var_os("FELT_BENCH_BEFORE").map(|path| (", before", PathBuf::from(path))));
    let mut servers = Vec::new();
    for (suffix, binary) in &builds {
        for (role, name, config) in [("serve", "felt serve", site), ("ingest", "felt ingest, Kafka", &*with_kafka)] {
            let home = dir.path().join(format!("{role}{}", servers.len()));
            std::fs::create_dir_all(&home)?;
            std::fs::write(home.join("felt.toml"), config)?;
            let args: &[&str] = if role == "serve" { &["--data", "data"] } else { &[] };
            let args = [&[role, "--listen", "127.0.0.1:0"], args].concat();
            servers.push((format!("{name}{suffix}"), Felt::start_build(binary, &args, &home)?));
        }
    }

    println!("{REQUESTS} beacons of {} bytes over {CONNECTIONS} connections, {ROUNDS} rounds", beacon(0).len());
    let mut spent_by_nginx = Vec::new();
    let mut spent = vec![Vec::new(); servers.len()];
    for round in 0..ROUNDS as u64 {
        if let Some(nginx) = &nginx {
            spent_by_nginx.push(measure(&nginx.workers()?, &nginx.address, round, 200).await?);
        }
        for (i, (_, felt)) in servers.iter().enumerate() {
            let address = felt.url.trim_start_matches("http://").to_owned();
            spent[i].push(measure(&[felt.pid()], &address, round * 10 + i as u64, 204).await?);
        }
    }
    let baseline = median(&mut spent_by_nginx.clone());
    if !spent_by_nginx.is_empty() {
        tell("nginx", &spent_by_nginx, baseline);
    }
    for ((name, _), values) in servers.iter().zip(&spent) {
        tell(name, values, baseline);
    }
    for (index, (name, _)) in servers.iter().enumerate().take(servers.len() - 2) {
        let mut ratios: Vec<f64> =
            spent[index].iter().zip(&spent[index + 2]).map(|(now, before)| now / before).collect();
        println!("{name}: {:.2} times what the earlier build takes (median of the rounds)", median(&mut ratios));
    }
    println!("felt serve also processes in the same process: its figure is an upper bound of ingest's");
    Ok(())
}

/// CPU seconds per million requests of the processes that serve them.
async fn measure(pids: &[u32], address: &str, round: u64, status: u16) -> Result<f64> {
    let spent = || pids.iter().map(|pid| cpu_time(*pid)).sum::<Result<std::time::Duration>>();
    let before = spent()?;
    let first = round * REQUESTS * 1_000;
    let seen = post(address, "/v1/beacon?site=shop", CONNECTIONS, REQUESTS, status, move |n| beacon(first + n)).await?;
    let cpu = (spent()? - before).as_secs_f64();
    println!(
        "  {address}: {:.0} requests/s, p50 {:?}, p99 {:?}",
        seen.answers as f64 / seen.elapsed.as_secs_f64(),
        seen.p50,
        seen.p99
    );
    Ok(cpu * 1e6 / seen.answers as f64)
}

/// One line of the table.
fn tell(name: &str, values: &[f64], baseline: f64) {
    let (least, most) = values.iter().fold((f64::MAX, 0f64), |(a, b), v| (a.min(*v), b.max(*v)));
    let middle = median(&mut values.to_vec());
    let ratio = if baseline.is_finite() { format!(", {:.2} x nginx", middle / baseline) } else { String::new() };
    println!("{name:26} {middle:6.1} CPU s per million ({least:.1} to {most:.1}){ratio}");
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

/// nginx with lua, reading the body and logging it through a buffer.
struct Nginx {
    master: Child,
    address: String,
}

impl Nginx {
    fn start(dir: &Path) -> Result<Option<Self>> {
        let module = Path::new("/usr/share/nginx/modules-available/mod-http-lua.conf");
        let found = Command::new("nginx").arg("-v").stderr(Stdio::null()).status().is_ok_and(|s| s.success());
        if !found || !module.exists() {
            println!("no baseline: install Debian's nginx and libnginx-mod-http-lua for the paired figure");
            return Ok(None);
        }
        let port = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let dir = dir.display();
        let config = format!(
            "include /usr/share/nginx/modules-available/mod-http-ndk.conf;\ninclude {};\n\
             daemon off; worker_processes 1; pid {dir}/nginx.pid; error_log {dir}/nginx-error.log;\n\
             events {{ worker_connections 2048; }}\n\
             http {{ log_format body escape=json '$time_iso8601 $request_body';\n\
               client_body_temp_path {dir}/body; client_body_buffer_size 64k; keepalive_requests 100000000;\n\
               server {{ listen 127.0.0.1:{port} backlog=2048; location / {{\n\
                 access_log {dir}/body.log body buffer=1m flush=1s;\n\
                 content_by_lua_block {{ ngx.req.read_body() ngx.header.content_length = 0 ngx.exit(200) }} }} }} }}",
            module.display()
        );
        let file = format!("{dir}/nginx.conf");
        std::fs::write(&file, config)?;
        let master = Command::new("nginx").args(["-c", &file]).stderr(Stdio::null()).spawn().context("nginx")?;
        let address = format!("127.0.0.1:{port}");
        for _ in 0..200 {
            if std::net::TcpStream::connect(&address).is_ok() {
                return Ok(Some(Self { master, address }));
            }
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
        anyhow::bail!("nginx does not answer on {address}")
    }

    fn workers(&self) -> Result<Vec<u32>> {
        children_of(self.master.id())
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        felt_tests::process::signal(self.master.id(), "TERM");
        let _ = self.master.wait();
    }
}

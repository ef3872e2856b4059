//! `cargo bench -p felt-tests --bench ingest`: CPU seconds per million durable beacons, paired with nginx reading the body and
//! logging it buffered. Rounds alternate, so that a noisy machine is noisy for both; what counts is the ratio of medians.
//!
//! nginx with lua (Debian's `nginx` and `libnginx-mod-http-lua`) is the baseline when it is installed; else the run says so.

use std::path::Path;
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result};
use felt_eventlog::testing::kafka::KafkaServer;
use felt_tests::load::{beacon, cpu_time, post};
use felt_tests::process::{Felt, children_of};

const CONNECTIONS: usize = 512;
const REQUESTS: u64 = 60_000;
const ROUNDS: usize = 5;

#[tokio::main]
async fn main() -> Result<()> {
    let dir = tempfile::tempdir()?;
    let nginx = Nginx::start(dir.path())?;
    let kafka = tokio::task::block_in_place(KafkaServer::start);
    std::fs::create_dir_all(dir.path().join("kafka"))?;
    let site = "[[sites]]\nkey = \"shop\"\nname = \"Shop\"\norigins = [\"*\"]\nrate_per_second = 1000000\nclient_rate_per_second = 1000000\n";
    std::fs::write(dir.path().join("felt.toml"), site)?;
    std::fs::write(
        dir.path().join("kafka/felt.toml"),
        format!("{site}\n[kafka]\nbrokers = \"{}\"\n", kafka.brokers()),
    )?;
    let local = Felt::start(&["serve", "--data", "data", "--listen", "127.0.0.1:0"], dir.path())?;
    let over_kafka = Felt::start(&["ingest", "--listen", "127.0.0.1:0"], &dir.path().join("kafka"))?;

    println!("{REQUESTS} beacons of {} bytes over {CONNECTIONS} connections, {ROUNDS} rounds", beacon(0).len());
    let mut figures: Vec<(&str, Vec<f64>)> =
        vec![("nginx", vec![]), ("felt serve", vec![]), ("felt ingest, Kafka", vec![])];
    for round in 0..ROUNDS as u64 {
        if let Some(nginx) = &nginx {
            figures[0].1.push(measure(&nginx.workers()?, &nginx.address, round, 200).await?);
        }
        for (i, felt) in [(1, &local), (2, &over_kafka)] {
            let address = felt.url.trim_start_matches("http://").to_owned();
            figures[i].1.push(measure(&[felt.pid()], &address, round * 10 + i as u64, 204).await?);
        }
    }
    let baseline = median(&mut figures[0].1.clone());
    for (name, values) in &mut figures {
        if values.is_empty() {
            continue;
        }
        let (least, most) = values.iter().fold((f64::MAX, 0f64), |(a, b), v| (a.min(*v), b.max(*v)));
        let middle = median(values);
        let ratio = if baseline.is_finite() { format!(", {:.2} x nginx", middle / baseline) } else { String::new() };
        println!("{name:20} {middle:6.1} CPU s per million ({least:.1} to {most:.1}){ratio}");
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

//! Promises under fire, the long version: `felt-chaos` plays ten minutes a seed, three seeds over the local log and three over Kafka,
//! then a full disk and a jumping clock. One run alone: `CHAOS_LOG=kafka CHAOS_SEED=7 CHAOS_SECONDS=600 felt-chaos`, with
//! `CHAOS_MACHINE=disk` or `clock` for the last two. It ends with 1 when a promise was not kept.

use std::process::ExitCode;

use anyhow::{Result, bail};
use felt_schema::clock::{Clock, SystemClock};
use felt_tests::chaos::settings::{Log, Machine, Settings, failing_seeds, from_env, text_from_env};
use felt_tests::chaos::told::mix;
use felt_tests::chaos::{self, machine};

/// How long faults come, a seed.
const LONG_SECONDS: u64 = 600;

/// The same for a faulty machine.
const MACHINE_SECONDS: u64 = 180;

/// Seeds of each log.
const SEEDS: u64 = 3;

/// Set in the process that has mounts of its own.
const OWN_MOUNTS: &str = "CHAOS_OWN_MOUNTS";

fn main() -> Result<ExitCode> {
    let mut failed = Vec::new();
    for settings in plan()? {
        if let Err(error) = play(settings) {
            eprintln!("chaos: {settings:?} FAILED\n{error:#}");
            failed.push(settings);
        }
    }
    for settings in &failed {
        eprintln!("chaos: failed: {settings:?}");
    }
    Ok(if failed.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The runs that the environment leaves open.
fn plan() -> Result<Vec<Settings>> {
    let logs = match text_from_env("CHAOS_LOG").as_deref() {
        None => vec![Log::Local, Log::Kafka],
        Some("local") => vec![Log::Local],
        Some("kafka") => vec![Log::Kafka],
        Some(other) => bail!("CHAOS_LOG is `local` or `kafka`, not {other}"),
    };
    let machines = match text_from_env("CHAOS_MACHINE").as_deref() {
        None => vec![Machine::Sound, Machine::SmallDisk, Machine::JumpingClock],
        Some("sound") => vec![Machine::Sound],
        Some("disk") => vec![Machine::SmallDisk],
        Some("clock") => vec![Machine::JumpingClock],
        Some(other) => bail!("CHAOS_MACHINE is `sound`, `disk` or `clock`, not {other}"),
    };
    let fresh = mix(SystemClock.now_ms() as u64) >> 40;
    let mut plan = Vec::new();
    for machine in machines {
        let (seeds, seconds) = if machine == Machine::Sound { (SEEDS, LONG_SECONDS) } else { (1, MACHINE_SECONDS) };
        for log in &logs {
            let old = if machine == Machine::Sound { failing_seeds(*log)? } else { Vec::new() };
            let seeds = match from_env("CHAOS_SEED")? {
                Some(seed) => vec![seed],
                None => old.into_iter().chain(fresh..fresh + seeds).collect(),
            };
            for seed in seeds {
                plan.push(Settings { machine, ..Settings::new(*log, seed, seconds)? });
            }
        }
    }
    Ok(plan)
}

fn play(settings: Settings) -> Result<()> {
    let own_mounts = text_from_env(OWN_MOUNTS).is_some();
    if settings.machine == Machine::SmallDisk && !own_mounts {
        let log = if settings.log == Log::Local { "local" } else { "kafka" };
        let code = machine::again_with_own_mounts(&[
            (OWN_MOUNTS, "1".into()),
            ("CHAOS_LOG", log.into()),
            ("CHAOS_MACHINE", "disk".into()),
            ("CHAOS_SEED", settings.seed.to_string()),
        ])?;
        anyhow::ensure!(code == 0, "the run with a small disk ended with {code}");
        return Ok(());
    }
    let _disk = (settings.machine == Machine::SmallDisk).then(machine::mount_small_disk).transpose()?;
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(chaos::run(settings))
}

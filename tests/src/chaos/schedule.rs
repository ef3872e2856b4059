//! Which fault hits whom, when and for how long: drawn from the seed, so that the same seed plays the same faults. The first ones are
//! scripted, because a run that never saw a replay, a fence or a bisect has tested nothing.

use std::fmt;

use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};

use super::proxy::Toxic;
use super::settings::{Log, Machine, Settings};

/// Whom a fault hits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Target {
    /// `felt serve`.
    Serve,
    /// `felt ingest`.
    Ingest,
    /// One `felt processor`.
    Processor,
    /// The other one.
    Other,
    /// `felt query`.
    Query,
    /// The engine: `felt engine`, or the child of `felt serve`.
    Engine,
    /// The broker.
    Kafka,
    /// The line between visitors and ingest.
    Visitors,
    /// The line between processors and ClickHouse.
    Store,
    /// The line between query and ClickHouse.
    Questions,
    /// The line between ingest and Kafka.
    Broker,
    /// The log itself.
    Log,
    /// The disk that everything is on.
    Disk,
    /// The wall clock of all roles.
    Clock,
}

/// What happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// `kill -9`, and started again after the time.
    Kill,
    /// SIGTERM: must end with 0; started again after the time.
    Term,
    /// SIGSTOP, and SIGCONT after the time.
    Freeze,
    /// SIGSTOP until the group has given its partitions to another and that one has gone on, then SIGCONT.
    Zombie,
    /// The line is so for the time.
    Line(Toxic),
    /// Not a byte is free for the time.
    Fill,
    /// The clock is off by so much for the time, and right again.
    Jump {
        /// Forward, or back when negative.
        seconds: i64,
    },
    /// Records that are none, and a range that no single insert takes, straight onto the log.
    Plant,
}

/// One fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event {
    /// After the start of the load.
    pub at_ms: u64,
    /// Whom.
    pub target: Target,
    /// What.
    pub fault: Fault,
    /// How long.
    pub for_ms: u64,
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { at_ms, target, fault, for_ms } = self;
        write!(f, "at {:.1} s {target:?}: {fault:?} for {for_ms} ms", *at_ms as f64 / 1_000.0)
    }
}

/// How far a clock jumps. An earlier snapshot is looked for an hour around the view's start, which the clock tells.
const CLOCK_JUMP_S_MAX: i64 = 1_500;

fn event(at_ms: u64, target: Target, fault: Fault, for_ms: u64) -> Event {
    Event { at_ms, target, fault, for_ms }
}

/// The faults of a run, in order.
pub fn draw(settings: &Settings) -> Vec<Event> {
    let mut rng = StdRng::seed_from_u64(settings.seed);
    let mut events = match settings.log {
        Log::Local => scripted_local(),
        Log::Kafka => scripted_kafka(),
    };
    let mut at_ms = events.iter().map(|event| event.at_ms + event.for_ms).max().unwrap_or(0);
    while at_ms < settings.seconds * 1_000 {
        at_ms += rng.random_range(500..4_000);
        let (target, fault, for_ms) = match settings.machine {
            Machine::SmallDisk if rng.random_ratio(1, 5) => (Target::Disk, Fault::Fill, rng.random_range(500..8_000)),
            Machine::JumpingClock if rng.random_ratio(1, 5) => {
                let seconds = rng.random_range(-CLOCK_JUMP_S_MAX..=CLOCK_JUMP_S_MAX);
                (Target::Clock, Fault::Jump { seconds }, rng.random_range(2_000..20_000))
            }
            _ => one(&mut rng, settings.log),
        };
        events.push(event(at_ms, target, fault, for_ms));
    }
    events
}

/// A fault that makes a thing happen that the run has not seen yet.
pub fn wanted(what: &str, settings: &Settings) -> Event {
    match (what, settings.log) {
        ("bisect" | "dead letter", _) => event(0, Target::Log, Fault::Plant, 100),
        ("fence", _) => event(0, Target::Processor, Fault::Zombie, 0),
        ("spool", _) => event(0, Target::Kafka, Fault::Freeze, 6_000),
        (_, Log::Kafka) => event(0, Target::Processor, Fault::Kill, 200),
        (_, Log::Local) => event(0, Target::Serve, Fault::Kill, 200),
    }
}

fn scripted_local() -> Vec<Event> {
    vec![
        event(4_000, Target::Serve, Fault::Kill, 300),
        event(9_000, Target::Log, Fault::Plant, 300),
        event(14_000, Target::Engine, Fault::Kill, 0),
        event(18_000, Target::Serve, Fault::Term, 100),
    ]
}

fn scripted_kafka() -> Vec<Event> {
    vec![
        event(4_000, Target::Log, Fault::Plant, 0),
        event(6_000, Target::Processor, Fault::Zombie, 0),
        event(8_000, Target::Kafka, Fault::Freeze, 6_000),
        event(17_000, Target::Other, Fault::Kill, 500),
        event(20_000, Target::Engine, Fault::Kill, 500),
    ]
}

fn one(rng: &mut StdRng, log: Log) -> (Target, Fault, u64) {
    let processes: &[(Target, u32)] = match log {
        Log::Local => &[(Target::Serve, 5), (Target::Engine, 4), (Target::Visitors, 3), (Target::Log, 1)],
        Log::Kafka => &[
            (Target::Ingest, 3),
            (Target::Processor, 3),
            (Target::Other, 3),
            (Target::Query, 1),
            (Target::Engine, 3),
            (Target::Kafka, 2),
            (Target::Visitors, 2),
            (Target::Store, 3),
            (Target::Questions, 1),
            (Target::Broker, 2),
            (Target::Log, 1),
        ],
    };
    let target = processes.choose_weighted(rng, |(_, weight)| *weight).map_or(Target::Serve, |(target, _)| *target);
    match target {
        Target::Visitors | Target::Store | Target::Questions | Target::Broker => {
            (target, Fault::Line(toxic(rng)), rng.random_range(300..6_000))
        }
        Target::Log => (target, Fault::Plant, 200),
        Target::Processor | Target::Other if rng.random_ratio(1, 5) => (target, Fault::Zombie, 0),
        _ => match rng.random_range(0..5) {
            0 | 1 => (target, Fault::Kill, rng.random_range(0..3_000)),
            2 => (target, Fault::Term, rng.random_range(0..1_000)),
            _ => (target, Fault::Freeze, rng.random_range(200..8_000)),
        },
    }
}

fn toxic(rng: &mut StdRng) -> Toxic {
    match rng.random_range(0..6) {
        0 => Toxic::Latency { ms: rng.random_range(20..800) },
        1 => Toxic::CutUp { bytes: rng.random_range(0..60_000) },
        2 => Toxic::CutDown { bytes: rng.random_range(0..2_000) },
        3 => Toxic::BlackHole,
        4 => Toxic::Reset,
        _ => Toxic::Throttle { bytes_per_s: rng.random_range(4_000..100_000) },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_plays_the_same_faults() -> anyhow::Result<()> {
        for log in [Log::Local, Log::Kafka] {
            let settings = Settings { log, seed: 7, seconds: 120, rate: 0, sessions: 1, machine: Machine::Sound };
            assert_eq!(draw(&settings), draw(&settings));
            assert_ne!(draw(&settings), draw(&Settings { seed: 8, ..settings }));
            assert!(draw(&settings).len() > 30);
        }
        Ok(())
    }
}

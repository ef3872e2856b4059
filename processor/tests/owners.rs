//! Two processors that each believe a partition theirs: the log decides, the token makes the late one harmless.

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use felt_processor::{Failpoints, Processor, ProcessorError};
use support::{Beacon, Rig};
use tokio_util::sync::CancellationToken;

/// Holds the processor up at one point, as SIGSTOP would, until it is let go.
struct Freeze {
    point: &'static str,
    reached: AtomicBool,
    go_on: AtomicBool,
}

impl Freeze {
    fn at(point: &'static str) -> Arc<Self> {
        Arc::new(Self { point, reached: AtomicBool::new(false), go_on: AtomicBool::new(false) })
    }

    async fn until_reached(&self) {
        while !self.reached.load(Ordering::SeqCst) {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }
}

impl Failpoints for Freeze {
    fn abort_at(&self, point: &'static str) -> bool {
        if point == self.point {
            self.reached.store(true, Ordering::SeqCst);
            while !self.go_on.load(Ordering::SeqCst) {
                std::thread::sleep(Duration::from_millis(2));
            }
        }
        false
    }
}

/// As a process of its own would: held up, it holds up nobody else's tasks.
fn in_a_runtime_of_its_own(
    processor: Processor,
    stop: CancellationToken,
) -> std::thread::JoinHandle<Result<(), ProcessorError>> {
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
        runtime.expect("a runtime can be made").block_on(processor.run(stop))
    })
}

fn beacons() -> Vec<Beacon> {
    (0..20).map(|n| Beacon::new(&format!("view-{n:04}"), 0, 0, 1_000, r#""metrics": {"lcp": 1200}"#)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_zombie_that_wakes_up_late_adds_nothing() {
    let rig = Rig::start().await;
    for point in ["declare:before", "declare:after", "page_views:after", "rollup_hour:before", "advance:before"] {
        let rig = rig.with_database(&format!("felt_{}", point.replace(':', "_"))).await;
        rig.append(&beacons()).await;
        let freeze = Freeze::at(point);
        let stop = CancellationToken::new();
        let zombie = in_a_runtime_of_its_own(rig.processor().with_failpoints(freeze.clone()), stop.clone());
        freeze.until_reached().await;

        // Another owner takes over, does the work, and new snapshots come in meanwhile.
        rig.work_off().await;
        rig.append(&[Beacon::new("view-0003", 1, 60_000, 61_000, r#""metrics": {"lcp": 7000}"#)]).await;
        rig.work_off().await;

        freeze.go_on.store(true, Ordering::SeqCst);
        tokio::time::sleep(Duration::from_millis(50)).await;
        stop.cancel();
        let ended = tokio::task::spawn_blocking(|| zombie.join().expect("no panic")).await.expect("no panic");
        ended.expect("a fenced processor is no broken one");
        assert_eq!(rig.line("SELECT sum(sign), uniqExact(view) FROM page_views").await, "20 20", "{point}");
        let lcp = "SELECT sum(valid), sum(total_micro) FROM rollup_minute WHERE grouping = 'site' AND metric = 'lcp'";
        assert_eq!(rig.line(lcp).await, format!("20 {}", 19 * 1_200_000 + 7_000_000), "{point}");
        let outcomes = "SELECT sumIf(count, outcome = 'accepted'), sumIf(count, outcome = 'replaced') FROM outcomes";
        assert_eq!(rig.line(outcomes).await, "20 1", "{point}");
    }
}

//! How many connections one address holds, so that nobody takes all of them. An IPv6 subscriber is one address, its /64.

use parking_lot::Mutex;
use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;

/// Connections by address. It holds an entry for each address that is connected now, so the listener's limit bounds it.
#[derive(Debug)]
pub(crate) struct Crowd {
    each_max: usize,
    open: Mutex<HashMap<IpAddr, usize>>,
}

impl Crowd {
    pub(crate) fn new(each_max: usize) -> Arc<Self> {
        Arc::new(Self { each_max, open: Mutex::default() })
    }

    /// A place for one more connection of this address; none when it has all that it may.
    pub(crate) fn enter(self: &Arc<Self>, address: IpAddr) -> Option<Place> {
        let address = subscriber(address);
        let mut open = self.open.lock();
        let count = open.entry(address).or_default();
        if *count >= self.each_max {
            return None;
        }
        *count += 1;
        Some(Place { crowd: self.clone(), address })
    }
}

/// Given back when dropped.
#[derive(Debug)]
pub(crate) struct Place {
    crowd: Arc<Crowd>,
    address: IpAddr,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = self.crowd.open.lock();
        if let Some(count) = open.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                open.remove(&self.address);
            }
        }
    }
}

fn subscriber(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from(u128::from(address) >> 64 << 64)),
        v4 => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_holds_no_more_than_its_share_and_gives_it_back() {
        let crowd = Crowd::new(2);
        let address = |text: &str| text.parse::<IpAddr>().unwrap();
        let first = crowd.enter(address("192.0.2.1"));
        let second = crowd.enter(address("::ffff:192.0.2.1"));
        assert!(first.is_some() && second.is_some());
        assert!(crowd.enter(address("192.0.2.1")).is_none());
        assert!(crowd.enter(address("192.0.2.2")).is_some());
        drop(first);
        assert!(crowd.enter(address("192.0.2.1")).is_some());

        let held: Vec<_> = (0..2).filter_map(|n| crowd.enter(address(&format!("2001:db8:1:2::{n}")))).collect();
        assert_eq!(held.len(), 2);
        assert!(crowd.enter(address("2001:db8:1:2:3::")).is_none(), "the same /64");
        assert!(crowd.enter(address("2001:db8:1:3::")).is_some(), "the next /64");
        drop((held, second));
        assert!(crowd.open.lock().is_empty(), "who is gone is forgotten");
    }
}

//! Hostile requests as one table: what each is answered, and what became of its snapshots. None may end in a 5xx or a panic, none
//! may vanish, and after all of them the server still takes beacons.

mod support;

use Fate::{Abandoned, Kept, KeptAndRefused, NoBeacon, Refused, UnknownSite};
use support::{Felt, Request, array, gzip, snapshot};

/// What becomes of the snapshots of one request.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Fate {
    /// So many are in the log.
    Kept(u64),
    /// So many are counted as refused, for this reason.
    Refused(&'static str, u64),
    /// Some of each.
    KeptAndRefused(u64, &'static str, u64),
    /// Refused, but under no site.
    UnknownSite,
    /// The sender did not finish.
    Abandoned,
    /// It never was a beacon.
    NoBeacon,
}

struct Case {
    name: &'static str,
    bytes: Vec<u8>,
    status: u16,
    fate: Fate,
}

fn case(name: &'static str, request: Request, status: u16, fate: Fate) -> Case {
    Case { name, bytes: request.to_bytes(), status, fate }
}

fn raw(name: &'static str, bytes: impl Into<Vec<u8>>, status: u16, fate: Fate) -> Case {
    Case { name, bytes: bytes.into(), status, fate }
}

/// A beacon whose head is written out.
fn head(name: &'static str, head: &str, body: &str, status: u16, fate: Fate) -> Case {
    raw(name, format!("{head}\r\nhost: felt\r\nconnection: close\r\n\r\n{body}"), status, fate)
}

fn json(name: &'static str, body: impl AsRef<[u8]>, status: u16, fate: Fate) -> Case {
    case(name, Request::beacon(body), status, fate)
}

/// A snapshot with one more member.
fn with(member: &str) -> String {
    format!(r#"{{"view":"view00000001",{member}}}"#)
}

/// A snapshot that is exactly so many bytes long.
fn of_bytes(length: usize) -> String {
    let empty = with(r#""title":"""#).len();
    with(&format!(r#""title":"{}""#, "x".repeat(length - empty)))
}

fn shapes() -> Vec<Case> {
    let not_json = Refused("not_json", 1);
    let invalid_view = Refused("invalid_view", 1);
    vec![
        json("an empty body", "", 400, not_json),
        json("white space", " \r\n\t ", 400, not_json),
        json("null", "null", 400, not_json),
        json("a boolean", "true", 400, not_json),
        json("a number", "-42e7", 400, not_json),
        json("a text", r#""view00000001""#, 400, not_json),
        json("an empty object", "{}", 400, invalid_view),
        json("an empty array", "[]", 400, Refused("empty", 1)),
        json("an array in an array", "[[]]", 400, Refused("not_an_object", 1)),
        json("plain values in an array", r#"[null,1,"x",false]"#, 400, Refused("not_an_object", 4)),
        json("65 snapshots", array(&vec![snapshot(1); 65]), 400, Refused("too_many_snapshots", 1)),
        json("20,000 empty objects", format!("[{}{{}}]", "{},".repeat(20_000)), 400, Refused("too_many_snapshots", 1)),
        json("64 snapshots", array(&vec![snapshot(1); 64]), 204, Kept(64)),
        json(
            "good and bad",
            array(&[snapshot(1), "{}".into(), snapshot(2)]),
            204,
            KeptAndRefused(2, "invalid_view", 1),
        ),
        json("cut short", &snapshot(1)[..40], 400, not_json),
        json("two objects", format!("{}{}", snapshot(1), snapshot(2)), 400, not_json),
        json("lines of objects", format!("{}\n{}\n", snapshot(1), snapshot(2)), 400, not_json),
        json("a trailing comma", r#"{"view":"view00000001",}"#, 400, not_json),
        json("single quotes", "{'view':'view00000001'}", 400, not_json),
        json("NaN", with(r#""age":NaN"#), 400, not_json),
        json("a comment", "/* hi */ {}", 400, not_json),
        json("HTML", "<html><script>alert(1)</script></html>", 400, not_json),
        json("100,000 open brackets", "[".repeat(60_000), 400, not_json),
        json("10,000 open objects", r#"{"a":"#.repeat(10_000), 400, not_json),
        json(
            "200 levels in a known field",
            with(&format!(r#""tags":{{"a":{}{}}}"#, "[".repeat(200), "]".repeat(200))),
            400,
            not_json,
        ),
        json(
            "200 levels in an unknown field",
            with(&format!(r#""x":{}{}"#, "[".repeat(200), "]".repeat(200))),
            400,
            not_json,
        ),
    ]
}

fn values() -> Vec<Case> {
    let invalid_view = Refused("invalid_view", 1);
    let kept = Kept(1);
    let not_json = Refused("not_json", 1);
    let text = |bytes: &[u8]| [br#"{"view":"view00000001","title":""#, bytes, br#""}"#].concat();
    vec![
        json("a view of 7", r#"{"view":"view001"}"#, 400, invalid_view),
        json("a view of 65", format!(r#"{{"view":"{}"}}"#, "v".repeat(65)), 400, invalid_view),
        json("a view that is SQL", r#"{"view":"x' OR 1=1 --"}"#, 400, invalid_view),
        json("a view that is a number", r#"{"view":12345678}"#, 400, invalid_view),
        json("a view that is null", r#"{"view":null}"#, 400, invalid_view),
        json("a view that is no ASCII", r#"{"view":"åäöåäöåäö"}"#, 400, invalid_view),
        json("a view with NUL", r#"{"view":"view\u00000001"}"#, 400, invalid_view),
        json("1e400", with(r#""metrics":{"lcp":1e400}"#), 204, kept),
        json("negative metrics", with(r#""metrics":{"lcp":-1,"cls":-0.1}"#), 204, kept),
        json("huge metrics", with(r#""metrics":{"lcp":1e300,"cls":1e300}"#), 204, kept),
        json("metrics as text", with(r#""metrics":"1834""#), 204, kept),
        json(
            "everything of the wrong type",
            with(r#""seq":"x","age":[],"url":{},"events":7,"client":[],"tags":"t""#),
            204,
            kept,
        ),
        json("100 levels", with(&format!(r#""x":{}{}"#, "[".repeat(100), "]".repeat(100))), 204, kept),
        json("1e400 everywhere", with(r#""age":1e400,"seq":-1e400,"left":1e999,"status":1e309"#), 204, kept),
        json("a long number", with(&format!(r#""age":{}"#, "9".repeat(60_000))), 204, kept),
        json("an age of 10,000 years", with(r#""age":3.2e14"#), 204, kept),
        json("a negative age", with(r#""age":-5"#), 204, kept),
        json("a seq beyond 32 bits", with(r#""seq":99999999999999999999"#), 204, kept),
        json("NUL as an escape", with(r#""title":"a\u0000b""#), 204, kept),
        json("NUL as a byte", text(b"a\0b"), 400, not_json),
        json("a lone surrogate", with(r#""title":"a\ud800b""#), 204, kept),
        json("surrogates in the wrong order", with(r#""title":"\udc00\ud800""#), 204, kept),
        json("a lone surrogate in a key", with(r#""\ud800":1,"tags":{"\udfff":"x"}"#), 204, kept),
        json("a lone surrogate beside a whole pair", with(r#""title":"\ud83d\ude00\ud83d""#), 204, kept),
        json("NUL in a key", with(r#""tags":{"a\u0000b":"x"}"#), 204, kept),
        json("a key twice", with(r#""title":"a","title":"b","metrics":{"lcp":1,"lcp":2}"#), 204, kept),
        json("a view twice", r#"{"view":"view00000001","view":"view00000002"}"#, 204, kept),
        json("a good view and then none", r#"{"view":"view00000001","view":7}"#, 204, kept),
        json("half an escape", with(r#""title":"\u12""#), 400, not_json),
        json("invalid UTF-8", text(b"\xff\xfe"), 400, not_json),
        json("overlong UTF-8", text(b"\xc0\xaf"), 400, not_json),
        json("a surrogate as UTF-8", text(b"\xed\xa0\x80"), 400, not_json),
        json("UTF-16", b"\xff\xfe{\0}\0", 400, not_json),
        json("a byte order mark", format!("\u{feff}{}", snapshot(1)), 204, kept),
        json("a title of 60,000 bytes", with(&format!(r#""title":"{}""#, "t".repeat(60_000))), 204, kept),
        json("a key of 60,000 bytes", with(&format!(r#""{}":1"#, "k".repeat(60_000))), 204, kept),
        json(
            "4,000 tags",
            with(&format!(r#""tags":{{{}"z":1}}"#, (0..4_000).map(|n| format!("\"k{n}\":{n},")).collect::<String>())),
            204,
            kept,
        ),
        json(
            "1,000 events",
            with(&format!(r#""events":[{}7]"#, r#"{"type":"error","at":1},"#.repeat(1_000))),
            204,
            kept,
        ),
        json("__proto__", with(r#""__proto__":{"x":1},"constructor":{}"#), 204, kept),
        json(
            "scripts in texts",
            with(r#""title":"</script><script>alert(1)</script>","url":"javascript:alert(1)""#),
            204,
            kept,
        ),
        json("no address at all", with(r#""url":"\\\\//:?#[]@!$&'()*+,;=%zz%00""#), 204, kept),
    ]
}

fn sizes() -> Vec<Case> {
    let too_large = Refused("too_large", 1);
    let gzipped = |body: Vec<u8>| Request::beacon(body).header("content-encoding", "gzip");
    let good = gzip(snapshot(1));
    let mut bad_sum = good.clone();
    let last = bad_sum.len() - 6;
    bad_sum[last] ^= 0xff;
    let chunked = |pieces: &[String]| {
        let body: String = pieces.iter().map(|piece| format!("{:x}\r\n{piece}\r\n", piece.len())).collect();
        let head = "POST /v1/beacon?site=shop HTTP/1.1\r\nhost: felt\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n";
        format!("{head}{body}0\r\n\r\n")
    };
    let whole = snapshot(1);
    let in_bytes: Vec<String> = whole.chars().map(String::from).collect();
    vec![
        json("exactly 64 KiB", of_bytes(65_536), 204, Kept(1)),
        json("64 KiB and one byte", of_bytes(65_537), 413, too_large),
        json("2 MiB", of_bytes(2 << 20), 413, too_large),
        raw("100 kB in chunks", chunked(&vec![" ".repeat(1_000); 100]), 413, too_large),
        raw("byte by byte", chunked(&in_bytes), 204, Kept(1)),
        case("exactly 1 MiB unpacked", gzipped(gzip(of_bytes(1 << 20))), 204, Kept(1)),
        case("1 MiB and one byte unpacked", gzipped(gzip(of_bytes((1 << 20) + 1))), 413, too_large),
        case("a bomb: 60 MiB in 60 kB", gzipped(gzip(vec![b' '; 60 << 20])), 413, too_large),
        case("a bomb that does not say so", Request::beacon(gzip(vec![b' '; 60 << 20])), 413, too_large),
        case("gzip in gzip", gzipped(gzip(&good)), 400, Refused("not_json", 1)),
        case("gzip cut short", gzipped(good[..good.len() - 5].to_vec()), 400, Refused("not_json", 1)),
        case("gzip with a wrong sum", gzipped(bad_sum), 400, Refused("not_json", 1)),
        case("a gzip head alone", gzipped(good[..10].to_vec()), 400, Refused("not_json", 1)),
        case("gzip and garbage", gzipped([&good[..], b"garbage"].concat()), 400, Refused("not_json", 1)),
        case("two gzip members", gzipped([gzip("["), gzip(format!("{}]", snapshot(1)))].concat()), 204, Kept(1)),
        case("not gzip at all", gzipped(snapshot(1).into()), 400, Refused("not_json", 1)),
        case("an empty gzip body", gzipped(Vec::new()), 400, Refused("not_json", 1)),
        case("brotli", Request::beacon("x").header("content-encoding", "br"), 415, Refused("not_json", 1)),
        case("zstd", Request::beacon("x").header("content-encoding", "zstd"), 415, Refused("not_json", 1)),
        case("deflate", Request::beacon("x").header("content-encoding", "deflate"), 415, Refused("not_json", 1)),
        case("gzip twice", Request::beacon("x").header("content-encoding", "gzip, gzip"), 415, Refused("not_json", 1)),
        case(
            "two encodings",
            Request::beacon("x").header("content-encoding", "gzip").header("content-encoding", "br"),
            415,
            Refused("not_json", 1),
        ),
        case("identity", Request::beacon(snapshot(1)).header("content-encoding", "identity"), 204, Kept(1)),
    ]
}

fn senders() -> Vec<Case> {
    let content_type = |kind: &str| Request::beacon(snapshot(1)).header("content-type", kind);
    let to = |path: &str| Request::post(path, snapshot(1));
    let from = |origin: &str| Request::beacon(snapshot(1)).header("origin", origin);
    let not_allowed = Refused("origin_not_allowed", 1);
    vec![
        case("a form", content_type("application/x-www-form-urlencoded"), 415, Refused("not_json", 1)),
        case("a multipart form", content_type("multipart/form-data; boundary=x"), 415, Refused("not_json", 1)),
        case("XML", content_type("text/xml"), 415, Refused("not_json", 1)),
        case("a content type in capitals", content_type("TEXT/PLAIN; Charset=\"x\""), 204, Kept(1)),
        case("no site", to("/v1/beacon"), 403, UnknownSite),
        case("a site without a value", to("/v1/beacon?site"), 403, UnknownSite),
        case("an empty site", to("/v1/beacon?site="), 403, UnknownSite),
        case("an unknown site", to("/v1/beacon?site=other"), 403, UnknownSite),
        case("a site in capitals", to("/v1/beacon?site=SHOP"), 403, UnknownSite),
        case("a site that is SQL", to("/v1/beacon?site=shop'%20OR%201=1"), 403, UnknownSite),
        case("a site that is a path", to("/v1/beacon?site=../../shop"), 403, UnknownSite),
        case("a site of 8 kB", to(&format!("/v1/beacon?site={}", "s".repeat(8_000))), 403, UnknownSite),
        case("another site's page", from("https://evil.example"), 403, not_allowed),
        case("an origin that ends alike", from("https://notshop.example"), 403, not_allowed),
        case("an origin that begins alike", from("https://shop.example.evil.test"), 403, not_allowed),
        case("the wrong scheme", from("http://shop.example"), 403, not_allowed),
        case("a null origin", from("null"), 403, not_allowed),
        case("an empty origin", from(""), 403, not_allowed),
        case("an origin that is no text", from("https://shop.example/\u{e9}"), 403, not_allowed),
        case(
            "a user agent of 10 kB",
            Request::beacon(snapshot(1)).header("user-agent", "é".repeat(5_000)),
            204,
            Kept(1),
        ),
        case(
            "1,000 addresses",
            Request::beacon(snapshot(1)).header("x-forwarded-for", "1.2.3.4,".repeat(1_000)),
            204,
            Kept(1),
        ),
        case(
            "addresses that are none",
            Request::beacon(snapshot(1)).header("x-forwarded-for", "%00, ::::, ../"),
            204,
            Kept(1),
        ),
        case("another path below", to("/v1/beacon/x?site=shop"), 404, NoBeacon),
        case("two slashes", to("//v1/beacon?site=shop"), 404, NoBeacon),
        case("GET", Request::get("/v1/beacon?site=shop"), 405, NoBeacon),
        case("HEAD", Request::get("/v1/beacon?site=shop").method("HEAD"), 405, NoBeacon),
        case("an unheard-of method", Request::beacon("").method("BREW"), 405, NoBeacon),
    ]
}

fn http() -> Vec<Case> {
    let body = snapshot(1);
    let length = body.len();
    let post = "POST /v1/beacon?site=shop HTTP/1.1";
    let ok_head = |extra: &str| format!("{post}\r\ncontent-length: {length}{extra}");
    vec![
        head("two lengths", &format!("{post}\r\ncontent-length: 2\r\ncontent-length: {length}"), &body, 400, NoBeacon),
        head("a list of lengths", &format!("{post}\r\ncontent-length: 2, {length}"), &body, 400, NoBeacon),
        head("a negative length", &format!("{post}\r\ncontent-length: -1"), "", 400, NoBeacon),
        head("a length beyond 64 bits", &format!("{post}\r\ncontent-length: 99999999999999999999"), "", 400, NoBeacon),
        head(
            "length and chunks",
            &ok_head("\r\ntransfer-encoding: chunked"),
            &format!("{length:x}\r\n{body}\r\n0\r\n\r\n"),
            400,
            NoBeacon,
        ),
        head(
            "a chunk without a size",
            &format!("{post}\r\ntransfer-encoding: chunked"),
            "zz\r\nx\r\n0\r\n\r\n",
            400,
            Abandoned,
        ),
        head(
            "a chunk beyond 64 bits",
            &format!("{post}\r\ntransfer-encoding: chunked"),
            "fffffffffffffffff\r\nx",
            400,
            Abandoned,
        ),
        head("an unheard-of transfer", &format!("{post}\r\ntransfer-encoding: cow"), "", 400, NoBeacon),
        head("a folded header", &ok_head("\r\nx: a\r\n b"), &body, 400, NoBeacon),
        head("a space before the colon", &ok_head("\r\nx : a"), &body, 400, NoBeacon),
        head("NUL in a header", &ok_head("\r\nx: a\0b"), &body, 400, NoBeacon),
        head(
            "100 headers",
            &ok_head(&(0..100).map(|n| format!("\r\nx-{n}: 1")).collect::<String>()),
            &body,
            431,
            NoBeacon,
        ),
        head("20 kB of header", &ok_head(&format!("\r\nx: {}", "a".repeat(20_000))), &body, 431, NoBeacon),
        head(
            "60 headers",
            &ok_head(&(0..60).map(|n| format!("\r\nx-{n}: 1")).collect::<String>()),
            &body,
            204,
            Kept(1),
        ),
        head(
            "HTTP/1.0",
            &format!("POST /v1/beacon?site=shop HTTP/1.0\r\ncontent-length: {length}"),
            &body,
            204,
            Kept(1),
        ),
        head(
            "HTTP/3.0",
            &format!("POST /v1/beacon?site=shop HTTP/3.0\r\ncontent-length: {length}"),
            &body,
            400,
            NoBeacon,
        ),
        head(
            "a whole address",
            &format!("POST http://evil.example/v1/beacon?site=shop HTTP/1.1\r\ncontent-length: {length}"),
            &body,
            204,
            Kept(1),
        ),
        head("CONNECT", "CONNECT evil.example:443 HTTP/1.1", "", 404, NoBeacon),
        head("a path that is none", "POST /v1/\x7f HTTP/1.1\r\ncontent-length: 0", "", 400, NoBeacon),
        raw("HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505, NoBeacon),
        raw("TLS", &b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"[..], 400, NoBeacon),
        raw("no HTTP", "hello\r\n\r\n", 400, NoBeacon),
    ]
}

#[tokio::test]
async fn no_hostile_request_breaks_anything_and_none_vanishes() {
    let felt = Felt::start().await;
    let cases: Vec<Case> = [shapes(), values(), sizes(), senders(), http()].into_iter().flatten().collect();
    assert!(cases.len() >= 60, "{}", cases.len());
    let mut faults = Vec::new();
    let mut before = felt.log().await;
    let mut abandoned_before = 0;
    let mut unknown = 0;
    for Case { name, bytes, status, fate } in cases {
        let answer = felt.send_raw(&bytes).await;
        let after = felt.log().await;
        let abandoned = felt.metric("felt_ingest_abandoned_total").await;
        if answer.status != status {
            faults.push(format!("{name}: {status} expected: {} {}", answer.status, answer.text()));
        } else if (400..500).contains(&status) && fate != NoBeacon {
            answer.problem();
        }
        let kept = (after.views.len() - before.views.len()) as u64;
        let reasons =
            after.refused.iter().map(|(reason, n)| (reason.as_str(), n - before.refused.get(reason).unwrap_or(&0)));
        let refused: Vec<(&str, u64)> = reasons.filter(|(_, n)| *n > 0).collect();
        let expected: (u64, Vec<(&str, u64)>, u64) = match fate {
            Kept(n) => (n, vec![], 0),
            Refused(reason, n) => (0, vec![(reason, n)], 0),
            KeptAndRefused(n, reason, m) => (n, vec![(reason, m)], 0),
            Abandoned => (0, vec![], 1),
            UnknownSite | NoBeacon => (0, vec![], 0),
        };
        unknown += u64::from(fate == UnknownSite);
        let found = (kept, refused, abandoned - abandoned_before);
        if found != expected {
            faults.push(format!("{name}: {expected:?} expected: {found:?} ({})", answer.text()));
        }
        abandoned_before = abandoned;
        before = after;
    }
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));

    // Only this test runs in this process, so the metrics are its own.
    let received = felt.metric("felt_ingest_received_total").await;
    let durable = felt.metric("felt_ingest_durable_total").await;
    let refused = felt.metric("felt_ingest_refused_total").await;
    let abandoned = felt.metric("felt_ingest_abandoned_total").await;
    assert!(durable > 0 && refused > 0 && abandoned > 0);
    assert_eq!(received, durable + refused + abandoned);
    assert_eq!(felt.metric("felt_http_panics_total").await, 0);
    let with_its_cost = snapshot(1).replacen('{', r#"{"beacon":{"from":12,"cost":4200,"longest":2.5},"#, 1);
    assert_eq!(felt.send(Request::beacon(with_its_cost)).await.status, 204);
    for (part, sum) in [("cost", 4), ("longest_task", 0)] {
        assert_eq!(felt.metric(&format!("felt_ingest_beacon_{part}_seconds_count")).await, 1, "{part}");
        assert_eq!(
            felt.metric(&format!("felt_ingest_beacon_{part}_seconds_sum")).await,
            sum,
            "whole seconds of {part}"
        );
    }
    let log = felt.stop().await;
    assert_eq!(log.received() + unknown, durable + refused + 1);
}

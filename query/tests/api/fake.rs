//! A stand-in for ClickHouse that answers as it is told to, and remembers what it was asked.

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{Response, StatusCode};
use felt_http::OpenAccess;
use felt_query::{QueryConfig, QueryState, router};
use felt_schema::clock::{Clock, ManualClock, SystemClock};
use felt_schema::site::{Site, Sites};
use felt_store::{Store, StoreConfig};
use std::sync::{Arc, Mutex};

/// What it says to a statement about a site.
#[derive(Clone)]
pub enum Says {
    /// No rows, after this many milliseconds.
    NothingAfter(u64),
    /// An exception with this code and text.
    Fails(i32, &'static str),
    /// Half an answer, then the end of the connection.
    BreaksOff,
}

struct Inner {
    says: Mutex<Says>,
    asked: Mutex<Vec<String>>,
}

/// The stand-in.
#[derive(Clone)]
pub struct Fake(Arc<Inner>);

impl Fake {
    /// A stand-in that answers nothing to everything, and a service over it.
    pub async fn start(config: QueryConfig) -> (Self, Router) {
        let fake = Fake(Arc::new(Inner { says: Mutex::new(Says::NothingAfter(0)), asked: Mutex::default() }));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let server = Router::new().fallback(answer).with_state(fake.clone());
        tokio::spawn(async move { axum::serve(listener, server).await.unwrap() });
        let store = Store::connect(StoreConfig { url, ..StoreConfig::default() });
        let site = |key: &str| Site { key: key.into(), ..Site::default() };
        let sites = Arc::new(Sites::new(vec![site("shop"), site("blog")]).unwrap());
        let clock = Arc::new(ManualClock::new(SystemClock.now_ms()));
        (fake, router(QueryState::new(config, store, sites, clock, Arc::new(OpenAccess))))
    }

    /// What it says from now on.
    pub fn says(&self, says: Says) {
        *self.0.says.lock().unwrap() = says;
    }

    /// Statements about a site that it was asked.
    pub fn asked(&self) -> Vec<String> {
        self.0.asked.lock().unwrap().clone()
    }
}

async fn answer(State(fake): State<Fake>, uri: axum::http::Uri, body: Bytes) -> Response<Body> {
    let sql = String::from_utf8_lossy(&body).into_owned();
    // How far the data has come is no question of a person's.
    if sql.contains("FROM progress") {
        return Response::new(Body::from("[\"beacons\",0,1,1700000000000]\n"));
    }
    fake.0.asked.lock().unwrap().push(format!("{sql}\n{}", uri.query().unwrap_or_default()));
    let says = fake.0.says.lock().unwrap().clone();
    match says {
        Says::NothingAfter(ms) => {
            tokio::time::sleep(std::time::Duration::from_millis(ms)).await;
            Response::new(Body::empty())
        }
        Says::Fails(code, text) => {
            let text = format!("Code: {code}. DB::Exception: {text}");
            let mut response = Response::new(Body::from(text));
            *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
            response.headers_mut().insert("x-clickhouse-exception-code", code.into());
            response
        }
        Says::BreaksOff => {
            let broken = Err::<Bytes, _>(std::io::Error::other("the connection ends here"));
            Response::new(Body::from_stream(futures::stream::iter([Ok(Bytes::from_static(b"[1")), broken])))
        }
    }
}

//! The C interface of libchdb, opened at run time, behind types that free what they hold.
//!
//! A connection is a ClickHouse session: it runs one statement at a time and is never shared between statements that
//! run at once, because a shared one mixes up their answers. Opening one costs about 0.2 ms, so each request gets a
//! new one with its settings, and nothing of one request (database, settings, temporary tables) reaches the next.
//! Signatures: <https://github.com/chdb-io/chdb-core/blob/main/programs/local/chdb.h>.

use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::path::Path;
use std::ptr::NonNull;

use super::EngineError;
use super::exception::Exception;

type Handle = *mut c_void;
type ParamsFn = unsafe extern "C" fn(
    Handle,
    *const c_char,
    usize,
    *const c_char,
    usize,
    *const *const c_char,
    *const usize,
    *const *const c_char,
    *const usize,
    usize,
) -> Handle;

/// What the parser says a text would do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Analysis {
    /// Statements in the text; 0 when it does not parse.
    pub statements: u32,
    /// Whether it leaves no trace.
    pub reads_only: bool,
}

#[repr(C)]
struct AnalysisV1 {
    struct_size: u32,
    statement_count: u32,
    flags: u32,
    query_class: u32,
}

/// The opened library. It is never unloaded: its threads outlive any scope of ours.
pub(super) struct Library {
    connect: unsafe extern "C" fn(c_int, *mut *mut c_char) -> *mut Handle,
    close: unsafe extern "C" fn(*mut Handle),
    query: ParamsFn,
    stream_query: ParamsFn,
    stream_fetch: unsafe extern "C" fn(Handle, Handle) -> Handle,
    stream_cancel: unsafe extern "C" fn(Handle, Handle),
    insert: ParamsFn,
    insert_append: unsafe extern "C" fn(Handle, *const c_void, usize) -> c_int,
    insert_done: unsafe extern "C" fn(Handle) -> Handle,
    insert_cancel: unsafe extern "C" fn(Handle),
    insert_error: unsafe extern "C" fn(Handle) -> *const c_char,
    insert_destroy: unsafe extern "C" fn(Handle),
    result_buffer: unsafe extern "C" fn(Handle) -> *const c_char,
    result_length: unsafe extern "C" fn(Handle) -> usize,
    result_error: unsafe extern "C" fn(Handle) -> *const c_char,
    result_rows: unsafe extern "C" fn(Handle) -> u64,
    storage_rows_read: unsafe extern "C" fn(Handle) -> u64,
    storage_bytes_read: unsafe extern "C" fn(Handle) -> u64,
    rows_written: unsafe extern "C" fn(Handle) -> u64,
    bytes_written: unsafe extern "C" fn(Handle) -> u64,
    result_destroy: unsafe extern "C" fn(Handle),
    classify: unsafe extern "C" fn(Handle, *const c_char, usize, *const c_char, usize, *mut AnalysisV1) -> c_int,
    shutdown: unsafe extern "C" fn() -> c_int,
    version: unsafe extern "C" fn() -> *const c_char,
}

impl Library {
    /// Opens the library and takes the process's signals back from it.
    pub fn open(path: &Path) -> Result<&'static Self, EngineError> {
        let broken = |reason: String| EngineError::LibraryBroken { path: path.display().to_string(), reason };
        // SAFETY: loading runs the library's initialisers; the file is the pinned download or one the operator named.
        let library =
            unsafe { libloading::Library::new(path) }.map_err(|error| broken(crate::error::with_causes(&error)))?;
        let library: &'static libloading::Library = Box::leak(Box::new(library));
        macro_rules! symbol {
            ($name:literal) => {{
                // SAFETY: the signatures in this file are those of the library's header at the pinned version.
                let found = unsafe { library.get(concat!($name, "\0").as_bytes()) };
                *found.map_err(|_| broken(format!("it has no `{}`: fetch the pinned version", $name)))?
            }};
        }
        let set_signal_handlers: unsafe extern "C" fn(c_int) = symbol!("chdb_set_signal_handlers_enabled");
        // SAFETY: called before the first connection, as the header asks.
        unsafe { set_signal_handlers(0) };
        Ok(Box::leak(Box::new(Self {
            connect: symbol!("chdb_connect"),
            close: symbol!("chdb_close_conn"),
            query: symbol!("chdb_query_with_params_n"),
            stream_query: symbol!("chdb_stream_query_with_params_n"),
            stream_fetch: symbol!("chdb_stream_fetch_result"),
            stream_cancel: symbol!("chdb_stream_cancel_query"),
            insert: symbol!("chdb_stream_insert_with_params_n"),
            insert_append: symbol!("chdb_stream_append"),
            insert_done: symbol!("chdb_stream_done"),
            insert_cancel: symbol!("chdb_stream_cancel_insert"),
            insert_error: symbol!("chdb_stream_insert_error"),
            insert_destroy: symbol!("chdb_destroy_insert_stream"),
            result_buffer: symbol!("chdb_result_buffer"),
            result_length: symbol!("chdb_result_length"),
            result_error: symbol!("chdb_result_error"),
            result_rows: symbol!("chdb_result_rows_read"),
            storage_rows_read: symbol!("chdb_result_storage_rows_read"),
            storage_bytes_read: symbol!("chdb_result_storage_bytes_read"),
            rows_written: symbol!("chdb_result_rows_written"),
            bytes_written: symbol!("chdb_result_bytes_written"),
            result_destroy: symbol!("chdb_destroy_query_result"),
            classify: symbol!("chdb_classify_query_n"),
            shutdown: symbol!("chdb_shutdown"),
            version: symbol!("chdb_version"),
        })))
    }

    /// The library's version, such as `26.7.3`.
    pub fn version(&self) -> String {
        // SAFETY: the library gives a static text.
        unsafe { CStr::from_ptr((self.version)()) }.to_string_lossy().into_owned()
    }

    /// Stops the library's threads where it can. With MergeTree tables this version declines, which is harmless:
    /// the process ends right after.
    pub fn shutdown(&self) -> bool {
        // SAFETY: no arguments; the library serialises callers.
        unsafe { (self.shutdown)() == 0 }
    }

    /// Opens a session. `args` are `--name=value`: `path` and `config-file` count for the first one, settings for
    /// each.
    pub fn connect(&'static self, args: &[String]) -> Result<Connection, Exception> {
        let refused = || Exception::new(36, "BAD_ARGUMENTS", "the engine refused the connection's settings");
        let owned = std::iter::once("felt")
            .chain(args.iter().map(String::as_str))
            .map(|arg| CString::new(arg).map_err(|_| refused()))
            .collect::<Result<Vec<_>, _>>()?;
        let mut argv: Vec<*mut c_char> = owned.iter().map(|arg| arg.as_ptr().cast_mut()).collect();
        let argc = c_int::try_from(argv.len()).map_err(|_| refused())?;
        // SAFETY: argv holds argc live C strings for the call, and the library copies them.
        let raw = unsafe { (self.connect)(argc, argv.as_mut_ptr()) };
        match NonNull::new(raw) {
            Some(raw) => Ok(Connection { library: self, raw }),
            None => Err(refused()),
        }
    }
}

/// Names and values of `{name:Type}` parameters as the library takes them.
struct RawParams {
    names: Vec<*const c_char>,
    name_lengths: Vec<usize>,
    values: Vec<*const c_char>,
    value_lengths: Vec<usize>,
}

impl RawParams {
    fn new(params: &[(String, String)]) -> Self {
        Self {
            names: params.iter().map(|(name, _)| name.as_ptr().cast()).collect(),
            name_lengths: params.iter().map(|(name, _)| name.len()).collect(),
            values: params.iter().map(|(_, value)| value.as_ptr().cast()).collect(),
            value_lengths: params.iter().map(|(_, value)| value.len()).collect(),
        }
    }
}

/// A session. Runs one statement at a time, on whichever thread holds it.
pub(super) struct Connection {
    library: &'static Library,
    raw: NonNull<Handle>,
}

// SAFETY: the library ties a session to no thread; it only asks that calls on one session do not overlap, and the
// methods that start something take `&mut self`.
unsafe impl Send for Connection {}

impl Connection {
    fn handle(&self) -> Handle {
        // SAFETY: chdb_connect gave a pointer to the handle that lives until chdb_close_conn.
        unsafe { *self.raw.as_ptr() }
    }

    fn start(&mut self, call: ParamsFn, sql: &str, format: &str, params: &[(String, String)]) -> Handle {
        let raw = RawParams::new(params);
        // SAFETY: every pointer is valid for its length during the call; the library copies what it keeps.
        unsafe {
            call(
                self.handle(),
                sql.as_ptr().cast(),
                sql.len(),
                format.as_ptr().cast(),
                format.len(),
                raw.names.as_ptr(),
                raw.name_lengths.as_ptr(),
                raw.values.as_ptr(),
                raw.value_lengths.as_ptr(),
                params.len(),
            )
        }
    }

    /// Runs a statement and gives its whole answer.
    pub fn query(&mut self, sql: &str, format: &str, params: &[(String, String)]) -> Result<Answer, Exception> {
        let raw = self.start(self.library.query, sql, format, params);
        Answer::from_raw(self.library, raw)
    }

    /// Starts a question whose answer is fetched in pieces.
    pub fn stream(&mut self, sql: &str, format: &str, params: &[(String, String)]) -> Result<Stream<'_>, Exception> {
        let raw = self.start(self.library.stream_query, sql, format, params);
        let answer = Answer::from_raw(self.library, raw)?;
        Ok(Stream { connection: self, answer, finished: false })
    }

    /// Starts an insert whose rows are appended in pieces.
    pub fn insert(&mut self, sql: &str, format: &str, params: &[(String, String)]) -> Result<Insert<'_>, Exception> {
        let raw = self.start(self.library.insert, sql, format, params);
        let Some(raw) = NonNull::new(raw) else { return Err(Exception::lost("the engine gave no insert stream")) };
        let insert = Insert { connection: self, raw, done: false };
        match insert.error() {
            Some(error) => Err(error),
            None => Ok(insert),
        }
    }

    /// What the text would do, by ClickHouse's own parser, without doing it.
    pub fn analyse(&self, sql: &str) -> Analysis {
        let mut out =
            AnalysisV1 { struct_size: size_of::<AnalysisV1>() as u32, statement_count: 0, flags: 0, query_class: 4 };
        // SAFETY: the text is valid for its length, no target database is named, and `out` tells its own size.
        let state = unsafe {
            (self.library.classify)(self.handle(), sql.as_ptr().cast(), sql.len(), std::ptr::null(), 0, &mut out)
        };
        if state != 0 {
            return Analysis { statements: 0, reads_only: false };
        }
        Analysis { statements: out.statement_count, reads_only: out.query_class == 0 }
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        // SAFETY: opened by chdb_connect and closed only here; streams borrow the connection and are gone by now.
        unsafe { (self.library.close)(self.raw.as_ptr()) }
    }
}

/// What a statement cost, as far as the engine tells.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Progress {
    pub read_rows: u64,
    pub read_bytes: u64,
    pub written_rows: u64,
    pub written_bytes: u64,
    pub result_rows: u64,
}

/// A finished answer, or one piece of it.
pub(super) struct Answer {
    library: &'static Library,
    raw: NonNull<c_void>,
}

// SAFETY: a result is plain memory that is read and then freed, on whichever thread holds it.
unsafe impl Send for Answer {}

impl Answer {
    fn from_raw(library: &'static Library, raw: Handle) -> Result<Self, Exception> {
        let Some(raw) = NonNull::new(raw) else { return Err(Exception::lost("the engine gave no answer")) };
        let answer = Self { library, raw };
        // SAFETY: the result is live; its error text lives as long as the result.
        let error = unsafe { text((library.result_error)(answer.raw.as_ptr())) };
        match error {
            Some(error) => Err(Exception::parse(&error)),
            None => Ok(answer),
        }
    }

    /// The bytes in the asked format.
    pub fn bytes(&self) -> &[u8] {
        // SAFETY: the buffer is valid for its length as long as the result lives.
        unsafe {
            let length = (self.library.result_length)(self.raw.as_ptr());
            let buffer = (self.library.result_buffer)(self.raw.as_ptr());
            if length == 0 || buffer.is_null() { &[] } else { std::slice::from_raw_parts(buffer.cast(), length) }
        }
    }

    /// What it cost.
    pub fn progress(&self) -> Progress {
        let raw = self.raw.as_ptr();
        // SAFETY: the result is live.
        unsafe {
            Progress {
                read_rows: (self.library.storage_rows_read)(raw),
                read_bytes: (self.library.storage_bytes_read)(raw),
                written_rows: (self.library.rows_written)(raw),
                written_bytes: (self.library.bytes_written)(raw),
                result_rows: (self.library.result_rows)(raw),
            }
        }
    }
}

impl Drop for Answer {
    fn drop(&mut self) {
        // SAFETY: freed once, here.
        unsafe { (self.library.result_destroy)(self.raw.as_ptr()) }
    }
}

/// An answer that comes in pieces. Dropping it early cancels the question.
pub(super) struct Stream<'a> {
    connection: &'a mut Connection,
    answer: Answer,
    finished: bool,
}

impl Stream<'_> {
    /// The next piece; none when the answer is complete.
    pub fn next(&mut self) -> Result<Option<Answer>, Exception> {
        if self.finished {
            return Ok(None);
        }
        let library = self.connection.library;
        // SAFETY: connection and stream are live, and `&mut` keeps fetches from overlapping.
        let raw = unsafe { (library.stream_fetch)(self.connection.handle(), self.answer.raw.as_ptr()) };
        let piece = Answer::from_raw(library, raw);
        match piece {
            Ok(piece) if !piece.bytes().is_empty() => Ok(Some(piece)),
            Ok(_) => {
                self.finished = true;
                Ok(None)
            }
            Err(error) => {
                self.finished = true;
                Err(error)
            }
        }
    }
}

impl Drop for Stream<'_> {
    fn drop(&mut self) {
        if !self.finished {
            // SAFETY: both are live and no fetch is under way.
            unsafe { (self.connection.library.stream_cancel)(self.connection.handle(), self.answer.raw.as_ptr()) }
        }
    }
}

/// An insert that takes its rows in pieces. Dropping it before [`Insert::finish`] commits nothing of the open block.
pub(super) struct Insert<'a> {
    connection: &'a mut Connection,
    raw: NonNull<c_void>,
    done: bool,
}

impl Insert<'_> {
    fn error(&self) -> Option<Exception> {
        // SAFETY: the stream is live; its error text lives as long as the stream.
        let error = unsafe { text((self.connection.library.insert_error)(self.raw.as_ptr())) };
        error.map(|error| Exception::parse(&error))
    }

    /// Appends bytes in the insert's format, cut anywhere. Waits when the engine is behind.
    pub fn append(&mut self, bytes: &[u8]) -> Result<(), Exception> {
        if bytes.is_empty() {
            return Ok(());
        }
        let library = self.connection.library;
        // SAFETY: the stream is live and the bytes are valid for the call; the library copies them.
        let state = unsafe { (library.insert_append)(self.raw.as_ptr(), bytes.as_ptr().cast(), bytes.len()) };
        if state == 0 {
            Ok(())
        } else {
            Err(self.error().unwrap_or_else(|| Exception::lost("the insert stream closed")))
        }
    }

    /// Commits the rows.
    pub fn finish(mut self) -> Result<Progress, Exception> {
        self.done = true;
        let library = self.connection.library;
        // SAFETY: the stream is live and finished once.
        let raw = unsafe { (library.insert_done)(self.raw.as_ptr()) };
        Ok(Answer::from_raw(library, raw)?.progress())
    }
}

impl Drop for Insert<'_> {
    fn drop(&mut self) {
        let library = self.connection.library;
        // SAFETY: the stream is live, cancelled only when it was not finished, and destroyed once.
        unsafe {
            if !self.done {
                (library.insert_cancel)(self.raw.as_ptr());
            }
            (library.insert_destroy)(self.raw.as_ptr());
        }
    }
}

/// # Safety
/// `raw` is null or a C string that lives through the call.
unsafe fn text(raw: *const c_char) -> Option<String> {
    // SAFETY: promised by the caller.
    (!raw.is_null()).then(|| unsafe { CStr::from_ptr(raw) }.to_string_lossy().into_owned())
}

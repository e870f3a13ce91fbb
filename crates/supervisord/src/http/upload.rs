//! Reading the body of a request, within limits.

use std::cell::Cell;

use http_body_util::BodyExt;
use hyper::body::{Body, Incoming};
use hyper::header::{CONTENT_LENGTH, TRANSFER_ENCODING};
use hyper::{Request, StatusCode};
use supervisor_rpc::xml::Limits;

/// The longest call. A multicall over ten thousand programs is 2 MB, and what is written to the stdin of a program in
/// one call should fit as well.
pub(crate) const CALL: usize = Limits::REQUEST.bytes;
/// The longest form. The longest that the page sends has a hundred bytes.
pub(crate) const FORM: usize = 64 << 10;
/// How much all unfinished bodies together may hold: many clients must not do what one cannot.
const TOTAL: usize = 4 * CALL;

/// The bytes that bodies hold at the moment.
#[derive(Debug, Default)]
pub(crate) struct Uploads(Cell<usize>);

/// A body that was read.
#[derive(Debug)]
pub(crate) struct Upload<'a> {
    pub(crate) bytes: Vec<u8>,
    uploads: &'a Uploads,
}

impl Uploads {
    /// Reads a body. The error is the status to answer with.
    pub(crate) async fn read(
        &self,
        request: Request<Incoming>,
        limit: usize,
    ) -> Result<Upload<'_>, StatusCode> {
        let headers = request.headers();
        if !headers.contains_key(CONTENT_LENGTH) && !headers.contains_key(TRANSFER_ENCODING) {
            return Err(StatusCode::LENGTH_REQUIRED);
        }
        let mut body = request.into_body();
        if body.size_hint().lower() > limit as u64 {
            return Err(StatusCode::PAYLOAD_TOO_LARGE);
        }
        let mut upload = Upload { bytes: Vec::new(), uploads: self };
        while let Some(frame) = body.frame().await {
            // The client is gone, or speaks no HTTP.
            let frame = frame.map_err(|_| StatusCode::BAD_REQUEST)?;
            let Some(data) = frame.data_ref() else { continue };
            if upload.bytes.len() + data.len() > limit {
                return Err(StatusCode::PAYLOAD_TOO_LARGE);
            }
            if self.0.get() + data.len() > TOTAL {
                return Err(StatusCode::SERVICE_UNAVAILABLE);
            }
            self.0.set(self.0.get() + data.len());
            upload.bytes.extend_from_slice(data);
        }
        Ok(upload)
    }
}

impl Drop for Upload<'_> {
    fn drop(&mut self) {
        let Uploads(held) = self.uploads;
        held.set(held.get() - self.bytes.len());
    }
}

//! Listens, within limits, and stops in order.

use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use thiserror::Error;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::board::Board;
use super::limits::{CONNECTION_LIFE, CONNECTIONS_MAX, HEAD_BYTES_MAX, REQUEST_WAIT, STOP_WAIT};
use super::pages;
use super::settings::Settings;

/// After a connection that could not be taken: out of file handles, most likely.
const ACCEPT_WAIT: Duration = Duration::from_millis(200);

/// Why nobody can watch.
#[derive(Debug, Error)]
pub enum SiteError {
    /// The place is taken, or not this machine's.
    #[error("[web] cannot listen on {listen}: {source}")]
    Listen {
        /// Where.
        listen: SocketAddr,
        /// Why.
        source: io::Error,
    },
}

impl SiteError {
    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> String {
        let Self::Listen { listen, source } = self;
        let port = listen.port();
        let kind = source.kind();
        if kind == ErrorKind::AddrInUse {
            format!(
                "another program listens there (`ss -ltnp sport = :{port}` tells which): end it, or name another port under [web] listen"
            )
        } else if kind == ErrorKind::PermissionDenied {
            "ports below 1024 are not for the service's user: name a higher one under [web] listen".to_owned()
        } else if kind == ErrorKind::AddrNotAvailable {
            "this machine has no such address: name one of its own under [web] listen".to_owned()
        } else {
            "name another place under [web] listen".to_owned()
        }
    }
}

/// A site that is open.
#[derive(Debug)]
pub struct Site {
    settings: Settings,
    address: SocketAddr,
    stop: CancellationToken,
    tracker: TaskTracker,
}

impl Site {
    /// Begins to listen.
    ///
    /// # Errors
    /// Where the place cannot be had.
    pub async fn open(settings: &Settings, board: Arc<Board>) -> Result<Self, SiteError> {
        let listen = settings.listen;
        let failed = |source| SiteError::Listen { listen, source };
        let listener = TcpListener::bind(listen).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let (stop, tracker) = (CancellationToken::new(), TaskTracker::new());
        let door = Door {
            pages: pages::router(board),
            stop: stop.clone(),
            tracker: tracker.clone(),
        };
        tracker.spawn(door.keep(listener));
        tracing::info!("listening on http://{address}");
        Ok(Self {
            settings: settings.clone(),
            address,
            stop,
            tracker,
        })
    }

    /// What it was opened with.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Listens no more; answers that are under way are given.
    pub async fn close(self) {
        self.stop.cancel();
        self.tracker.close();
        if tokio::time::timeout(STOP_WAIT, self.tracker.wait()).await.is_err() {
            tracing::debug!("some who watch were hung up on");
        }
    }
}

/// Where those who ask come in.
struct Door {
    pages: Router,
    stop: CancellationToken,
    tracker: TaskTracker,
}

impl Door {
    async fn keep(self, listener: TcpListener) {
        let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
        loop {
            let come = async {
                let place = Arc::clone(&places).acquire_owned().await.ok()?;
                match listener.accept().await {
                    Ok((stream, _)) => Some((place, stream)),
                    Err(error) => {
                        tracing::debug!("a connection could not be taken: {error}");
                        tokio::time::sleep(ACCEPT_WAIT).await;
                        None
                    }
                }
            };
            let come = tokio::select! {
                () = self.stop.cancelled() => return,
                come = come => come,
            };
            if let Some((place, stream)) = come {
                let serving = serve(stream, self.pages.clone(), self.stop.clone());
                self.tracker.spawn(async move {
                    if tokio::time::timeout(CONNECTION_LIFE, serving).await.is_err() {
                        tracing::debug!("a connection was ended for its age");
                    }
                    drop(place);
                });
            }
        }
    }
}

async fn serve(stream: TcpStream, pages: Router, stop: CancellationToken) {
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(REQUEST_WAIT)
        .max_buf_size(HEAD_BYTES_MAX)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(pages));
    tokio::pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = stop.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!("a connection broke off: {error}");
    }
}

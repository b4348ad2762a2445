//! What nothing can be faster than: axum with a reply and no more, and the arithmetic of a token alone.

use std::{
    io::{BufRead as _, BufReader},
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result};
use argon2_rust::{Algorithm, Argon2, Params, Version};
use aws_lc_rs::{
    rand::SystemRandom,
    rsa::{KeyPair, KeySize},
    signature::RSA_PKCS1_SHA256,
};
use axum::{
    Router,
    http::{StatusCode, header},
    routing::get,
};

/// The body that the server sends where there is no client of an id.
const BODY: &str = r#"{"result":"ERROR","error":"not_found","message":"There is nothing here.","request_id":"019a0000-0000-7000-8000-000000000000"}"#;

/// Serves the same reply to whoever asks, until it is killed; says where.
pub async fn axum() -> Result<()> {
    let reply = async || {
        let headers = [
            (header::CONTENT_TYPE, "application/json"),
            (header::HeaderName::from_static("x-request-id"), "019a0000-0000-7000-8000-000000000000"),
            (header::CACHE_CONTROL, "no-store"),
            (header::PRAGMA, "no-cache"),
            (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
            (header::REFERRER_POLICY, "no-referrer"),
        ];
        (StatusCode::NOT_FOUND, headers, BODY)
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    println!("{}", listener.local_addr()?);
    axum::serve(listener, Router::new().route("/api/residential/client/{id}", get(reply))).await?;
    Ok(())
}

/// [`axum`] in a process of its own.
pub struct Bare {
    child: Child,
    pub address: String,
}

impl Bare {
    pub fn start() -> Result<Self> {
        let mut child = Command::new(std::env::current_exe()?).arg("bare-axum").stdout(Stdio::piped()).spawn()?;
        let mut address = String::new();
        BufReader::new(child.stdout.take().context("its output")?).read_line(&mut address)?;
        Ok(Self { child, address: address.trim().to_owned() })
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Bare {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// How often a second all cores together hash a password and sign, or sign alone.
pub fn arithmetic(hash: bool, time: Duration) -> Result<f64> {
    let key = KeyPair::generate(KeySize::Rsa2048).map_err(|_| anyhow::anyhow!("no key"))?;
    let (stop, done) = (AtomicBool::new(false), AtomicUsize::new(0));
    let start = Instant::now();
    let cores = thread::available_parallelism()?.get();
    thread::scope(|scope| {
        for _ in 0..cores {
            scope.spawn(|| {
                let mut argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::OWASP).hasher();
                let (mut output, mut signature) = ([0; 32], vec![0; key.public_modulus_len()]);
                while !stop.load(Ordering::Relaxed) {
                    if hash {
                        let hashed = argon2.hash_into(b"a password of some length", b"a salt of 16 byt", &mut output);
                        hashed.expect("a hash");
                    }
                    key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), &[7; 700], &mut signature).expect("a signature");
                    done.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        thread::sleep(time);
        stop.store(true, Ordering::Relaxed);
    });
    // What was under way at the end took its time and is counted.
    #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
    Ok(done.load(Ordering::Relaxed) as f64 / start.elapsed().as_secs_f64())
}

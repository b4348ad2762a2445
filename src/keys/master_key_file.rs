//! The embedded database's master key, which is a file beside it, and how it is replaced. File and database cannot change
//! in one step; so the new key is written beside the old one first, and until the change is over both are tried.

use std::{fs, fs::File, io::ErrorKind, path::Path};

use anyhow::{Context as _, Result};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use sqlx::PgPool;
use tokio::task::spawn_blocking;

use super::names;
use crate::{
    crypto::{secret::random_bytes, signing_key::SigningKey},
    private_file,
    settings::MasterKey,
    store,
};

const FILE: &str = "master.key";
const NEW: &str = "master.key.new";
const LOCK: &str = "master.lock";

/// The master key of the files: made the first time, and after a change that was cut off the one that opens the keys.
/// Command and server may both be first: the file is written whole or not at all, and what is there is read back.
///
/// # Errors
/// One line that tells the operator what to do.
pub async fn find(data_dir: &Path, db: &PgPool) -> Result<MasterKey> {
    // In this order: where the new one is not there yet or no more, the other is the one that holds.
    if read(&data_dir.join(NEW))?.is_some() {
        settle(data_dir, db).await?;
    }
    let path = data_dir.join(FILE);
    if let Some(key) = read(&path)? {
        return Ok(key);
    }
    private_file::create(&path, &BASE64_STANDARD.encode(random_bytes::<32>()))?;
    read(&path)?.with_context(|| format!("{} is gone", path.display()))
}

/// Waits for a change that runs, and brings one that was cut off after the keys were sealed to its end.
async fn settle(data_dir: &Path, db: &PgPool) -> Result<()> {
    let _turn = turn(data_dir).await?;
    let Some(new) = read(&data_dir.join(NEW))? else { return Ok(()) };
    let all = store::signing_key::all(db).await?;
    let sealed = store::signing_key::sealed(db, &names(&all)).await?;
    if sealed.iter().any(|key| SigningKey::open(&key.kid, &key.private_key, new.as_bytes()).is_ok()) {
        put(data_dir, &new)?;
    }
    Ok(())
}

/// Has every key sealed under `new`, or under a key that is made here, and keeps that in place of the old one.
///
/// # Errors
/// One line that tells the operator what to do. Whatever was done by then, the next command or start finds its way.
pub async fn change(
    data_dir: &Path,
    new: Option<MasterKey>,
    seal: impl AsyncFnOnce(&MasterKey) -> Result<usize>,
) -> Result<usize> {
    let _turn = turn(data_dir).await?;
    let new = new.map_or_else(|| MasterKey::from_base64(&BASE64_STANDARD.encode(random_bytes::<32>())), Ok)?;
    private_file::write(&data_dir.join(NEW), &BASE64_STANDARD.encode(new.as_bytes()))?;
    let changed = seal(&new).await?;
    put(data_dir, &new)?;
    Ok(changed)
}

fn put(data_dir: &Path, key: &MasterKey) -> Result<()> {
    private_file::write(&data_dir.join(FILE), &BASE64_STANDARD.encode(key.as_bytes()))?;
    match fs::remove_file(data_dir.join(NEW)) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot remove {NEW} from the data folder: remove it"))
        }
        _ => Ok(()),
    }
}

fn read(path: &Path) -> Result<Option<MasterKey>> {
    let key = private_file::read(path)?.map(|text| MasterKey::from_base64(text.trim())).transpose();
    key.with_context(|| {
        let path = path.display();
        format!("{path} is damaged: restore it from a backup, and see \"The master key\" in docs/operations.md")
    })
}

/// Waits until no other command changes the key: of two at once, one would write over the key that the other seals with.
async fn turn(data_dir: &Path) -> Result<File> {
    let path = data_dir.join(LOCK);
    let lock = move || {
        let file = private_file::options().write(true).create(true).truncate(false).open(path)?;
        file.lock().map(|()| file)
    };
    spawn_blocking(lock).await?.context("cannot lock the data folder (DNA_DATA_DIR)")
}

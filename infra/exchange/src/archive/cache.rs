//! Decoded copies of candle files, so that a file is decoded once and then read at the speed of
//! memory. A copy that is stale, damaged or can't be written only costs time.

use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use flate2::Crc;

use super::error::ArchiveError;
use super::folder::is_archived;
use super::format::{self, Source};
use crate::candle_file::{self, CandleFile, Groups, Named};

/// So many bytes of a source's beginning and end are compared.
const COMPARED_BYTES: u64 = 64 << 10;

/// Decoded copies that are not written yet: whoever reads writes them once what it read was of use,
/// so that a run that is refused leaves nothing behind.
#[derive(Debug, Default)]
pub struct Copies(Vec<Decoded>);

#[derive(Debug)]
struct Decoded {
    entry: PathBuf,
    file: CandleFile,
    source: Source,
}

impl Copies {
    /// Writes them. What can't be written only costs time at the next reading.
    pub fn keep(self) {
        for Decoded { entry, file, source } in self.0 {
            let CandleFile { instrument, timeframe, candles } = file;
            let folder = entry.parent().unwrap_or(Path::new(""));
            let kept = fs::create_dir_all(folder)
                .and_then(|()| format::write(&entry, instrument, timeframe, &candles, source));
            if let Err(error) = kept {
                tracing::debug!(entry = %entry.display(), %error, "can't keep a decoded copy");
            }
        }
    }
}

/// Reads one candle file, or its copy in the folder `cache`, and keeps a copy.
pub fn read_file(path: &Path, cache: &Path) -> Result<CandleFile, ArchiveError> {
    let mut copies = Copies::default();
    let file = read(&candle_file::name_of(path)?, cache, &mut copies)?;
    copies.keep();
    Ok(file)
}

/// Reads these files as [`candle_file::read_named`] does, or their copies in the folder `cache`;
/// files of an archive, which need no copy, are read as they are.
pub fn read_named(
    files: &[Named],
    cache: &Path,
) -> Result<(Vec<CandleFile>, Copies), ArchiveError> {
    let (mut groups, mut copies) = (Groups::new(), Copies::default());
    for named in files {
        let path = named.path.clone();
        let CandleFile { instrument, timeframe, candles } = match is_archived(&path) {
            true => format::read(&path)?.0,
            false => read(named, cache, &mut copies)?,
        };
        groups.entry((instrument, timeframe)).or_default().push((path, candles));
    }
    Ok((candle_file::merged(groups)?, copies))
}

fn read(named: &Named, cache: &Path, copies: &mut Copies) -> Result<CandleFile, ArchiveError> {
    let path = &named.path;
    let unreadable = |source| ArchiveError::Unreadable { path: path.clone(), source };
    let source = source_of(path).map_err(unreadable)?;
    let entry = entry(path, cache).map_err(unreadable)?;
    match format::read(&entry) {
        Ok((file, of)) => {
            if of == source
                && (file.instrument, file.timeframe) == (named.instrument, named.timeframe)
            {
                return Ok(file);
            }
            tracing::debug!(path = %path.display(), "the cached copy is stale");
        }
        Err(error) => tracing::debug!(path = %path.display(), %error, "no cached copy"),
    }
    let file = candle_file::read(path)?;
    copies.0.push(Decoded { entry, file: file.clone(), source });
    Ok(file)
}

/// Where the copy of a file is. Two files that share a name share it too, and take turns.
fn entry(path: &Path, cache: &Path) -> io::Result<PathBuf> {
    let full = path.canonicalize()?;
    let mut crc = Crc::new();
    crc.update(full.as_os_str().as_encoded_bytes());
    let name = full.file_name().unwrap_or_default().to_string_lossy();
    Ok(cache.join(format!("{name}-{:08x}.candles", crc.sum())))
}

fn source_of(path: &Path) -> io::Result<Source> {
    let mut file = File::open(path)?;
    let about = file.metadata()?;
    let since = about.modified()?.duration_since(UNIX_EPOCH).unwrap_or_default();
    let mut crc = || {
        let mut bytes = Vec::new();
        file.by_ref().take(COMPARED_BYTES).read_to_end(&mut bytes)?;
        let mut crc = Crc::new();
        crc.update(&bytes);
        let rest = about.len().saturating_sub(COMPARED_BYTES);
        file.seek(SeekFrom::Start(rest))?;
        io::Result::Ok(crc.sum())
    };
    Ok(Source {
        bytes: about.len(),
        modified_ns: u64::try_from(since.as_nanos()).unwrap_or(u64::MAX),
        head_crc: crc()?,
        tail_crc: crc()?,
    })
}

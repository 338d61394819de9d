//! A README as its blocks: what stands between fences, with its language and the file it is to be saved as.

use std::fs;
use std::path::Path;

/// One fenced block.
#[derive(Debug)]
pub(crate) struct Block {
    /// `sh`, `text`, `toml`, `csv`, `json`, `python`.
    pub(crate) language: String,
    /// The file that a reader saves it as; none for what is only read or typed.
    pub(crate) file: Option<String>,
    /// Between the fences, line ends included.
    pub(crate) text: String,
    /// Of the opening fence, from 1.
    pub(crate) line: usize,
}

/// One README.
#[derive(Debug)]
pub(crate) struct Page {
    /// Its file name.
    pub(crate) name: &'static str,
    /// The whole of it.
    pub(crate) text: String,
    /// In order.
    pub(crate) blocks: Vec<Block>,
}

impl Page {
    pub(crate) fn read(name: &'static str) -> Self {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
        let text = fs::read_to_string(path).unwrap_or_default();
        let blocks = blocks(&text);
        Self { name, text, blocks }
    }

    /// The levels of its headings, in order.
    pub(crate) fn headings(&self) -> Vec<usize> {
        let mut fenced = false;
        let mut levels = Vec::new();
        for line in self.text.lines() {
            fenced ^= line.starts_with("```");
            let level = line.chars().take_while(|&c| c == '#').count();
            if !fenced && level > 0 {
                levels.push(level);
            }
        }
        levels
    }

    /// Where its links lead, those to other sites left out.
    pub(crate) fn links(&self) -> Vec<&str> {
        let targets = self.text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
        targets
            .filter(|target| !target.contains("://") && !target.starts_with('#'))
            .filter_map(|target| target.split('#').next())
            .collect()
    }
}

fn blocks(text: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut open: Option<Block> = None;
    for (index, line) in text.lines().enumerate() {
        match (open.take(), line.strip_prefix("```")) {
            (Some(block), Some(_)) => blocks.push(block),
            (Some(mut block), None) => {
                block.text.push_str(line);
                block.text.push('\n');
                open = Some(block);
            }
            (None, Some(info)) => {
                let mut words = info.split_whitespace().map(str::to_owned);
                open = Some(Block {
                    language: words.next().unwrap_or_default(),
                    file: words.next(),
                    text: String::new(),
                    line: index + 1,
                });
            }
            (None, None) => {}
        }
    }
    blocks
}

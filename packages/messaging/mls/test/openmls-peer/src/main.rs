//! A device on openmls, for tests. It reads a line for each thing to do and answers with one line; octets are hexadecimal.
//!
//!   package                  its key package
//!   create GROUP PACKAGE     makes a group and takes a device in: the welcome
//!   join WELCOME             joins
//!   add PACKAGE              takes a device in: the commit and the welcome
//!   remove NAME              takes a device out: the commit
//!   send ID TEXT             encrypts a text, with the id as authenticated data
//!   receive MESSAGE          opens a text, or takes a commit: `text NAME ID TEXT` or `commit EPOCH`
//!
//! Its first line is its signature key. What fails is answered by `error` and a reason.

use std::io::{stdin, stdout, BufRead, Write};

use openmls::prelude::tls_codec::{Deserialize, Serialize};
use openmls::prelude::*;
use openmls_basic_credential::SignatureKeyPair;
use openmls_rust_crypto::OpenMlsRustCrypto;

const SUITE: Ciphersuite = Ciphersuite::MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519;

type Failure = Box<dyn std::error::Error>;

struct Device {
    provider: OpenMlsRustCrypto,
    signer: SignatureKeyPair,
    credential: CredentialWithKey,
    group: Option<MlsGroup>,
}

impl Device {
    fn new(name: &str) -> Result<Self, Failure> {
        let provider = OpenMlsRustCrypto::default();
        let signer = SignatureKeyPair::new(SUITE.signature_algorithm())?;
        let credential = CredentialWithKey {
            credential: BasicCredential::new(name.into()).into(),
            signature_key: signer.public().into(),
        };
        Ok(Self { provider, signer, credential, group: None })
    }

    fn run(&mut self, line: &str) -> Result<String, Failure> {
        let words: Vec<&str> = line.splitn(3, ' ').collect();
        match words.as_slice() {
            ["package"] => {
                let bundle =
                    KeyPackage::builder().build(SUITE, &self.provider, &self.signer, self.credential.clone())?;
                encode(&MlsMessageOut::from(bundle.key_package().clone()))
            }
            ["create", id, package] => {
                let config = MlsGroupCreateConfig::builder()
                    .ciphersuite(SUITE)
                    .use_ratchet_tree_extension(true)
                    .build();
                let mut group = MlsGroup::new_with_group_id(
                    &self.provider,
                    &self.signer,
                    &config,
                    GroupId::from_slice(id.as_bytes()),
                    self.credential.clone(),
                )?;
                let package = self.package(package)?;
                let (_, welcome, _) = group.add_members(&self.provider, &self.signer, &[package])?;
                group.merge_pending_commit(&self.provider)?;
                self.group = Some(group);
                encode(&welcome)
            }
            ["join", welcome] => {
                let MlsMessageBodyIn::Welcome(welcome) = decode(welcome)?.extract() else {
                    return Err("no welcome".into());
                };
                let config = MlsGroupJoinConfig::builder().use_ratchet_tree_extension(true).build();
                let staged = StagedWelcome::new_from_welcome(&self.provider, &config, welcome, None)?;
                let group = staged.into_group(&self.provider)?;
                let epoch = group.epoch().as_u64();
                self.group = Some(group);
                Ok(epoch.to_string())
            }
            ["add", package] => {
                let package = self.package(package)?;
                let group = self.group.as_mut().ok_or("no group")?;
                let (commit, welcome, _) = group.add_members(&self.provider, &self.signer, &[package])?;
                group.merge_pending_commit(&self.provider)?;
                Ok(format!("{} {}", encode(&commit)?, encode(&welcome)?))
            }
            ["remove", name] => {
                let group = self.group.as_mut().ok_or("no group")?;
                let index = group
                    .member_leaf_index(&BasicCredential::new(name.as_bytes().to_vec()).into())
                    .ok_or("no such member")?;
                let (commit, _, _) = group.remove_members(&self.provider, &self.signer, &[index])?;
                group.merge_pending_commit(&self.provider)?;
                encode(&commit)
            }
            ["send", id, text] => {
                let group = self.group.as_mut().ok_or("no group")?;
                group.set_aad(id.as_bytes().to_vec());
                encode(&group.create_message(&self.provider, &self.signer, text.as_bytes())?)
            }
            ["receive", message] => {
                let message = decode(message)?.try_into_protocol_message()?;
                let group = self.group.as_mut().ok_or("no group")?;
                let processed = group.process_message(&self.provider, message)?;
                let name = String::from_utf8(processed.credential().serialized_content().to_vec())?;
                let id = String::from_utf8(processed.aad().to_vec())?;
                match processed.into_content() {
                    ProcessedMessageContent::ApplicationMessage(text) => {
                        Ok(format!("text {} {} {}", name, id, String::from_utf8(text.into_bytes())?))
                    }
                    ProcessedMessageContent::StagedCommitMessage(commit) => {
                        group.merge_staged_commit(&self.provider, *commit)?;
                        Ok(format!("commit {}", group.epoch().as_u64()))
                    }
                    _ => Err("another message".into()),
                }
            }
            _ => Err("no such command".into()),
        }
    }

    fn package(&self, text: &str) -> Result<KeyPackage, Failure> {
        let MlsMessageBodyIn::KeyPackage(package) = decode(text)?.extract() else {
            return Err("no key package".into());
        };
        Ok(package.validate(self.provider.crypto(), ProtocolVersion::Mls10)?)
    }
}

fn encode(message: &MlsMessageOut) -> Result<String, Failure> {
    let octets = message.tls_serialize_detached()?;
    Ok(octets.iter().map(|octet| format!("{octet:02x}")).collect())
}

fn decode(text: &str) -> Result<MlsMessageIn, Failure> {
    let octets = (0..text.len() / 2)
        .map(|at| u8::from_str_radix(&text[2 * at..2 * at + 2], 16))
        .collect::<Result<Vec<u8>, _>>()?;
    Ok(MlsMessageIn::tls_deserialize_exact(octets)?)
}

fn main() -> Result<(), Failure> {
    let name = std::env::args().nth(1).ok_or("give a name")?;
    let mut device = Device::new(&name)?;
    let key: String = device.signer.public().iter().map(|octet| format!("{octet:02x}")).collect();
    println!("{key}");
    for line in stdin().lock().lines() {
        match device.run(&line?) {
            Ok(answer) => println!("{answer}"),
            Err(failure) => println!("error {}", failure.to_string().replace('\n', " ")),
        }
        stdout().flush()?;
    }
    Ok(())
}

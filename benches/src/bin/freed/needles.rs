//! The forms in which a secret can be found.

use std::sync::{Mutex, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac as _};
use md4::Md4;
use md5::{Digest as _, Md5};

use crate::allocator::Needle;

/// The account of every case.
pub const USER: &str = "tester@example.test";
/// A password, a token and a passphrase that is nowhere else. `SASLprep` leaves it as it is.
pub const SECRET: &str = "S3NT1NEL-7qzW-kX9v";

/// The server's values.
pub const SALT: &[u8] = b"salt of the test";
pub const ITERATIONS: u32 = 4096;
pub const REALM: &str = "example.test";
pub const SEED: &str = "ke1234";
pub const SEQUENCE: u32 = 99;
/// The sequence of one-time passwords that a client starts.
pub const NEW_SEED: &str = "ke1235";
pub const NEW_SEQUENCE: u32 = 80;

/// The states that the hash functions begin with (RFC 1321 §3.3, FIPS 180-4 §5.3).
const MD5: [u32; 4] = [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476];
const SHA_1: [u32; 5] = [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476, 0xc3d2_e1f0];
const SHA_224: [u32; 8] = [
    0xc105_9ed8,
    0x367c_d507,
    0x3070_dd17,
    0xf70e_5939,
    0xffc0_0b31,
    0x6858_1511,
    0x64f9_8fa7,
    0xbefa_4fa4,
];
const SHA_256: [u32; 8] = [
    0x6a09_e667,
    0xbb67_ae85,
    0x3c6e_f372,
    0xa54f_f53a,
    0x510e_527f,
    0x9b05_688c,
    0x1f83_d9ab,
    0x5be0_cd19,
];
const SHA_384: [u64; 8] = [
    0xcbbb_9d5d_c105_9ed8,
    0x629a_292a_367c_d507,
    0x9159_015a_3070_dd17,
    0x152f_ecd8_f70e_5939,
    0x6733_2667_ffc0_0b31,
    0x8eb4_4a87_6858_1511,
    0xdb0c_2e0d_64f9_8fa7,
    0x47b5_481d_befa_4fa4,
];
const SHA_512: [u64; 8] = [
    0x6a09_e667_f3bc_c908,
    0xbb67_ae85_84ca_a73b,
    0x3c6e_f372_fe94_f82b,
    0xa54f_f53a_5f1d_36f1,
    0x510e_527f_ade6_82d1,
    0x9b05_688c_2b3e_6c1f,
    0x1f83_d9ab_fb41_bd6b,
    0x5be0_cd19_137e_2179,
];

/// All forms of the secret, and of the keys that are derived from it.
pub fn all() -> Vec<Needle> {
    let mut needles = Vec::new();
    every_form(&mut needles, "the secret", SECRET.as_bytes());
    // A buffer that grows leaves a part of it in the smaller one.
    let (start, end) = SECRET.as_bytes().split_at(SECRET.len() / 2);
    needles.push(needle("the first half of the secret", start.to_vec()));
    needles.push(needle("the last half of the secret", end.to_vec()));
    let wide: Vec<u8> = SECRET.encode_utf16().flat_map(u16::to_le_bytes).collect();
    needles.push(needle("the secret in UTF-16", wide.clone()));
    needles.push(needle("the first part of the secret in UTF-16", wide[..8].to_vec()));
    // The blocks that HMAC begins with (RFC 2104 §2).
    for (name, pad) in [("inner", 0x36), ("outer", 0x5c)] {
        let block = SECRET.bytes().map(|byte| byte ^ pad).collect();
        needles.push(needle(&format!("the {name} block of HMAC"), block));
        // The hash functions after that block: they compute HMAC as well as the secret does.
        let mut block = [pad; 128];
        block.iter_mut().zip(SECRET.bytes()).for_each(|(byte, secret)| *byte ^= secret);
        let short: [u8; 64] = block[..64].try_into().expect("a block");
        let mut state = |hash: &str, words: Vec<u8>| {
            needles.push(needle(&format!("the {name} state of HMAC-{hash}"), words));
        };
        macro_rules! state {
            ($hash:literal $start:ident $compress:path, $block:ident) => {
                let mut words = $start;
                $compress(&mut words, &[$block]);
                state($hash, words.iter().flat_map(|word| word.to_ne_bytes()).collect());
            };
        }
        state!("MD5" MD5 md5::block_api::compress, short);
        state!("SHA-1" SHA_1 sha1::block_api::compress, short);
        state!("SHA-224" SHA_224 sha2::block_api::compress256, short);
        state!("SHA-256" SHA_256 sha2::block_api::compress256, short);
        state!("SHA-384" SHA_384 sha2::block_api::compress512, block);
        state!("SHA-512" SHA_512 sha2::block_api::compress512, block);
    }
    macro_rules! scram {
        ($($name:literal $hash:ty),*) => {$(
            let mut salted = vec![0; <$hash as sha2::Digest>::output_size()];
            pbkdf2::pbkdf2_hmac::<$hash>(SECRET.as_bytes(), SALT, ITERATIONS, &mut salted);
            let key = |text: &[u8]| mac::<$hash>(&salted, text);
            let (client, server) = (key(b"Client Key"), key(b"Server Key"));
            let stored = <$hash as sha2::Digest>::digest(&client);
            every_form(&mut needles, concat!("the salted password of ", $name), &salted);
            // After so many rounds the client waits for its next turn.
            for rounds in (1..ITERATIONS).step_by(256) {
                let mut sum = salted.clone();
                pbkdf2::pbkdf2_hmac::<$hash>(SECRET.as_bytes(), SALT, rounds, &mut sum);
                let name = format!("{rounds} rounds of the salted password of {}", $name);
                needles.push(needle(&name, sum));
            }
            every_form(&mut needles, concat!("the client key of ", $name), &client);
            every_form(&mut needles, concat!("the stored key of ", $name), &stored);
            every_form(&mut needles, concat!("the server key of ", $name), &server);
        )*};
    }
    scram!("SHA-1" sha1::Sha1, "SHA-224" sha2::Sha224, "SHA-256" sha2::Sha256,
           "SHA-384" sha2::Sha384, "SHA-512" sha2::Sha512);
    let digest = Md5::digest(format!("{USER}:{REALM}:{SECRET}"));
    every_form(&mut needles, "the first hash of DIGEST-MD5", &digest);
    every_form(&mut needles, "the hash of NTLM", &Md4::digest(wide));
    every_form(&mut needles, "the key of NTLM version 2", &ntlm_key());
    for hash in [fold_md5, fold_sha1] {
        // Each password up to the one that is sent, which is good until the server has taken it.
        for (seed, sequence) in [(SEED, SEQUENCE), (NEW_SEED, NEW_SEQUENCE)] {
            let mut step = hash(format!("{seed}{SECRET}").as_bytes());
            for number in 0..=sequence {
                needles.push(needle(
                    &format!("the one-time password {number} of {seed}"),
                    step.to_vec(),
                ));
                step = hash(&step);
            }
        }
    }
    needles
}

/// `NTOWFv2` (MS-NLMP 3.3.2).
pub fn ntlm_key() -> Vec<u8> {
    let wide = |text: &str| -> Vec<u8> { text.encode_utf16().flat_map(u16::to_le_bytes).collect() };
    mac::<Md5>(&Md4::digest(wide(SECRET)), &wide(&USER.to_uppercase()))
}

/// HMAC of some bytes.
pub fn mac<D: hmac::EagerHash>(key: &[u8], text: &[u8]) -> Vec<u8>
where
    Hmac<D>: hmac::digest::KeyInit + hmac::digest::Mac,
{
    let mut mac = <Hmac<D> as hmac::digest::KeyInit>::new_from_slice(key).expect("any key");
    mac.update(text);
    mac.finalize().into_bytes().to_vec()
}

/// The digest's halves, one over the other (RFC 2289 App. A).
fn fold_md5(bytes: &[u8]) -> [u8; 8] {
    let digest = Md5::digest(bytes);
    std::array::from_fn(|index| digest[index] ^ digest[index + 8])
}

/// The digest's five words, folded to two, the bytes of each in the other order (RFC 2289 App. A).
fn fold_sha1(bytes: &[u8]) -> [u8; 8] {
    let mut folded = [0; 8];
    for (index, byte) in sha1::Sha1::digest(bytes).iter().enumerate() {
        folded[(index ^ 3) % 8] ^= byte;
    }
    folded
}

/// The forms that are known when an exchange is under way: the server adds them.
static LATE: Mutex<Vec<Needle>> = Mutex::new(Vec::new());

/// Adds each form of a key that depends on the nonces of an exchange.
pub fn add_late(name: &str, bytes: &[u8]) {
    every_form(&mut LATE.lock().unwrap_or_else(PoisonError::into_inner), name, bytes);
}

/// Those that were added since the last call.
pub fn take_late() -> Vec<Needle> {
    std::mem::take(&mut LATE.lock().unwrap_or_else(PoisonError::into_inner))
}

fn every_form(needles: &mut Vec<Needle>, name: &str, bytes: &[u8]) {
    needles.push(needle(name, bytes.to_vec()));
    for shift in 0..3 {
        // Without the characters that depend on the neighbours.
        let mut shifted = vec![0; shift];
        shifted.extend_from_slice(bytes);
        let encoded = STANDARD.encode(&shifted);
        let encoded = encoded.trim_end_matches('=');
        let (start, end) = ((shift * 4).div_ceil(3), encoded.len() - 1);
        let form = format!("{name} in base64, {shift} bytes later");
        needles.push(needle(&form, encoded.as_bytes()[start..end].to_vec()));
    }
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    needles.push(needle(&format!("{name} in hex"), hex.to_uppercase().into_bytes()));
    needles.push(needle(&format!("{name} in hex"), hex.into_bytes()));
}

fn needle(form: &str, bytes: Vec<u8>) -> Needle {
    assert!(bytes.len() >= 8, "{form} is too short to be told from chance");
    Needle { form: form.to_owned(), bytes }
}

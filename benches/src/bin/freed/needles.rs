//! The forms in which a secret can be found.

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

/// The states that the hash functions begin with (FIPS 180-4 §5.3.3 and §5.3.5).
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
        let mut state = SHA_256;
        sha2::block_api::compress256(&mut state, &[block[..64].try_into().expect("a block")]);
        let state = state.iter().flat_map(|word| word.to_ne_bytes()).collect();
        needles.push(needle(&format!("the {name} state of HMAC-SHA-256"), state));
        let mut state = SHA_512;
        sha2::block_api::compress512(&mut state, &[block]);
        let state = state.iter().flat_map(|word| word.to_ne_bytes()).collect();
        needles.push(needle(&format!("the {name} state of HMAC-SHA-512"), state));
    }
    macro_rules! scram {
        ($($name:literal $hash:ty),*) => {$(
            let mut salted = vec![0; <$hash as sha2::Digest>::output_size()];
            pbkdf2::pbkdf2_hmac::<$hash>(SECRET.as_bytes(), SALT, ITERATIONS, &mut salted);
            let key = |text: &[u8]| mac::<$hash>(&salted, text);
            let (client, server) = (key(b"Client Key"), key(b"Server Key"));
            let stored = <$hash as sha2::Digest>::digest(&client);
            every_form(&mut needles, concat!("the salted password of ", $name), &salted);
            every_form(&mut needles, concat!("the client key of ", $name), &client);
            every_form(&mut needles, concat!("the stored key of ", $name), &stored);
            every_form(&mut needles, concat!("the server key of ", $name), &server);
        )*};
    }
    scram!("SHA-1" sha1::Sha1, "SHA-224" sha2::Sha224, "SHA-256" sha2::Sha256,
           "SHA-384" sha2::Sha384, "SHA-512" sha2::Sha512);
    let digest = Md5::digest(format!("{USER}:{REALM}:{SECRET}"));
    every_form(&mut needles, "the first hash of DIGEST-MD5", &digest);
    let nt = Md4::digest(wide);
    every_form(&mut needles, "the hash of NTLM", &nt);
    let identity: Vec<u8> = USER.to_uppercase().encode_utf16().flat_map(u16::to_le_bytes).collect();
    every_form(&mut needles, "the key of NTLM version 2", &mac::<Md5>(&nt, &identity));
    let mut step = fold(format!("{SEED}{SECRET}").as_bytes());
    for number in 0..SEQUENCE {
        // Each password below the one that was asked for.
        needles.push(needle(&format!("the one-time password {number}"), step.to_vec()));
        step = fold(&step);
    }
    needles
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
pub fn fold(bytes: &[u8]) -> [u8; 8] {
    let digest = Md5::digest(bytes);
    std::array::from_fn(|index| digest[index] ^ digest[index + 8])
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

//! The limits of the machine: memcpy, a newline scan, a dot scan.
use std::hint::black_box;
use std::time::Instant;

fn best(name: &str, bytes: usize, mut f: impl FnMut()) {
    let mut v: Vec<f64> = (0..9)
        .map(|_| {
            let t = Instant::now();
            f();
            bytes as f64 / t.elapsed().as_secs_f64() / 1e9
        })
        .collect();
    v.sort_by(|a, b| a.total_cmp(b));
    println!(
        "{{\"what\":\"{name}\",\"gb_per_s_min\":{:.2},\"median\":{:.2},\"max\":{:.2}}}",
        v[0], v[4], v[8]
    );
}

fn main() {
    let n = 64 << 20;
    let typ = bench_common::message("typical", n);
    let dots = bench_common::message("dots", n);
    let max = bench_common::message("dotsmax", n);
    let mut dst = vec![0u8; n * 2];
    best("memcpy 64 MiB", n, || dst[..n].copy_from_slice(black_box(typ)));
    let small = &typ[..64 << 10];
    best("memcpy 64 KiB, repeated", n, || {
        for _ in 0..n / small.len() {
            dst[..small.len()].copy_from_slice(black_box(small));
            black_box(&mut dst);
        }
    });
    best("scan for LF-dot, typical (memmem)", n, || {
        black_box(memchr::memmem::find_iter(black_box(typ), b"\n.").count());
    });
    best("scan for LF-dot, typical (memchr on dot)", n, || {
        black_box(
            memchr::memchr_iter(b'.', black_box(typ))
                .filter(|&p| p > 0 && typ[p - 1] == b'\n')
                .count(),
        );
    });
    for (name, m) in [("typical", typ), ("dots", dots), ("dotsmax", max)] {
        best(&format!("stuff into a buffer, {name} (memmem + copy)"), n, || {
            let (mut o, mut last) = (0, 0);
            for p in memchr::memmem::find_iter(black_box(m), b"\n.") {
                let s = &m[last..p + 1];
                dst[o..o + s.len()].copy_from_slice(s);
                o += s.len();
                dst[o] = b'.';
                o += 1;
                last = p + 1;
            }
            dst[o..o + n - last].copy_from_slice(&m[last..]);
            black_box(&mut dst);
        });
        best(&format!("stuff into a buffer, {name} (byte at a time)"), n, || {
            let mut o = 0;
            let mut bol = true;
            for &b in black_box(m) {
                if bol && b == b'.' {
                    dst[o] = b'.';
                    o += 1;
                }
                dst[o] = b;
                o += 1;
                bol = b == b'\n';
            }
            black_box(&mut dst);
        });
    }
}

"""Independent f64 reference: scenario A over random truths, TOMB/P with BP marginals, then the
fixed-interval smoother of states and existence. Flat (ragged) arrays over a batch of runs.
usage: reference.py PD LAMBDA FIRST LAST OUT.npz [key=value ...]"""
import os
os.environ.setdefault("OMP_NUM_THREADS", "1"); os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
import sys, time
import numpy as np

T, PS, NB, NB0 = 81, 0.99, 0.005, 3.0
MB = np.array([100., 0., 100., 0.])
F2 = np.array([[1., 1.], [0., 1.]]); F = np.kron(np.eye(2), F2); FI = np.linalg.inv(F)
Q2 = lambda q: q * np.array([[1/3, 1/2], [1/2, 1.]])
AREA = 300.
DEF = dict(prune=1e-5, gate=25., recycle=0., newvel="mixture", tol=1e-6, cap=500, q=0.02,
           rfilt=0.4, rsmo=0.5, death=40, first=0., smo="full", seed=15, vsd=1., store=0.)  # store: the smoother sees only records with r > store; a gap ends the track

def simulate(run, pd, lam, cfg):
    g = np.random.default_rng([cfg["seed"], run])
    L = np.linalg.cholesky(np.kron(np.eye(2), Q2(cfg["q"])))
    X = np.empty((T, 4, 4))
    X[40] = np.array([150., 0, 150, 0]) + np.sqrt(.1) * g.standard_normal((4, 4))
    for k in range(41, T): X[k] = X[k-1] @ F.T + g.standard_normal((4, 4)) @ L.T
    for k in range(39, -1, -1): X[k] = (X[k+1] - g.standard_normal((4, 4)) @ L.T) @ FI.T
    alive = np.ones((T, 4), bool); alive[cfg["death"]:, 0] = False   # death=40: scans 1..40 (index 0..39)
    Z = []
    for k in range(T):
        det = alive[k] & (g.random(4) < pd)
        z = X[k][det][:, [0, 2]] + g.standard_normal((det.sum(), 2))
        z = np.concatenate([z, AREA * g.random((g.poisson(lam), 2))])
        Z.append(z[g.permutation(len(z))])
    return X[:, :, [0, 2]], alive, Z

def field(pd, cfg):
    """undetected intensity before the update of each scan: weights, 2x2 block an axis; the birth is last"""
    P0 = np.diag([150.**2, cfg["vsd"]**2]); Q = Q2(cfg["q"]); out = []
    w, B = np.array([NB0 + cfg["first"]]), P0[None]
    for k in range(T):
        out.append((w, B))
        w, B = PS * (1-pd) * w, F2 @ B @ F2.T + Q
        if cfg["newvel"] == "fixed": B = np.broadcast_to(P0, B.shape)
        keep = w > 1e-13; w, B = w[keep], B[keep]
        w = np.append(w, NB); B = np.concatenate([B, P0[None]])
    return out

def blk(B):
    P = np.zeros(B.shape[:-2] + (4, 4)); P[..., :2, :2] = B; P[..., 2:, 2:] = B; return P

def bc(i, w, n): return np.bincount(i, weights=w, minlength=n)

def bp(ti, mj, runm, psi, nt, nm, C, cfg, R):
    """edges (track, detection, psi against the miss); returns p of edges, miss of tracks, new of detections"""
    a = psi / C[mj]
    nu = np.ones(len(a)); er = runm[mj]
    idx = np.arange(len(a)); its = 0
    A, I, J, NU, ER = a, ti, mj, nu.copy(), er
    capped = 0
    while len(idx) and its < cfg["cap"]:
        its += 1
        s = A * NU
        mu = A / (1 + bc(I, s, nt)[I] - s)
        NN = 1 / (1 + np.maximum(bc(J, mu, nm)[J] - mu, 0))
        d = np.abs(NN - NU); NU = NN
        if its % 4 == 0 or its == cfg["cap"]:
            mx = np.zeros(R); np.maximum.at(mx, ER, d) if len(d) < 2000 else mx.__setitem__(slice(None), _segmax(ER, d, R))
            act = mx[ER] >= cfg["tol"]
            nu[idx] = NU
            if not act.all():
                idx, A, I, J, NU, ER = idx[act], A[act], I[act], J[act], NU[act], ER[act]
    capped = len(np.unique(ER)) if len(idx) else 0
    s = a * nu; den = 1 + bc(ti, s, nt); mu = a / (den[ti] - s)
    return s / den[ti], 1 / den, 1 / (1 + bc(mj, mu, nm)), its, capped

def _segmax(k, v, n):
    o = np.argsort(k, kind="stable"); ks = k[o]; b = np.flatnonzero(np.r_[True, ks[1:] != ks[:-1]])
    m = np.zeros(n); m[ks[b]] = np.maximum.reduceat(v[o], b); return m

def gate_edges(run, m, P, Zp, Zm, gate):
    """dense distances of tracks to the detections of their run; edges with d2 < gate"""
    a, b, c = P[:, 0, 0] + 1, P[:, 0, 2], P[:, 2, 2] + 1
    det = a * c - b * b
    dx = Zp[run, :, 0] - m[:, 0, None]; dy = Zp[run, :, 1] - m[:, 2, None]
    ok = (dx * dx < gate * a[:, None]) & (dy * dy < gate * c[:, None]) & Zm[run]
    ti, mj = np.nonzero(ok)
    nu = np.stack([dx[ti, mj], dy[ti, mj]], 1)
    d2 = (c[ti]*nu[:, 0]**2 - 2*b[ti]*nu[:, 0]*nu[:, 1] + a[ti]*nu[:, 1]**2) / det[ti]
    k = d2 < gate; ti, mj, nu, d2 = ti[k], mj[k], nu[k], d2[k]
    lik = np.exp(-.5*d2) / (2*np.pi*np.sqrt(det[ti]))
    return ti, mj, nu, lik

def kal(P):
    a, b, c = P[:, 0, 0] + 1, P[:, 0, 2], P[:, 2, 2] + 1
    Si = np.empty((len(P), 2, 2)); det = a*c - b*b
    Si[:, 0, 0], Si[:, 1, 1], Si[:, 0, 1], Si[:, 1, 0] = c/det, a/det, -b/det, -b/det
    H = P[:, :, [0, 2]]; K = H @ Si
    return K, P - K @ np.swapaxes(H, 1, 2)

def from_field(z, w, B, pd):
    """new tracks: PD * integral, moment-matched state, from the mixture"""
    S = B[:, 0, 0] + 1; k = B[:, :, 0] / S[:, None]; C = B - k[:, :, None]*k[:, None, :]*S[:, None, None]
    d = z - MB[[0, 2]]
    lw = w * np.exp(-.5*(d**2).sum(1)[:, None] / S) / (2*np.pi*S)
    U = pd * lw.sum(1); be = lw / lw.sum(1)[:, None]
    mk = be @ k                                              # mean gain
    m = MB + np.stack([mk*d[:, :1], mk*d[:, 1:]], 1).reshape(-1, 4)
    P = blk(np.tensordot(be, C, 1))
    # spread of the means of the components: d_i d_j cov(k)
    kk = np.einsum("nc,ci,cj->nij", be, k, k) - mk[:, :, None]*mk[:, None, :]
    P += np.einsum("na,nb,nij->naibj", d, d, kk).reshape(-1, 4, 4)
    return U, m, P

def track(pd, lam, Zs, cfg):
    R = len(Zs); Q = np.kron(np.eye(2), Q2(cfg["q"])); fld = field(pd, cfg); lc = lam / AREA**2
    run = np.zeros(0, int); r = np.zeros(0); m = np.zeros((0, 4)); P = np.zeros((0, 4, 4)); ids = np.zeros(0, int)
    nid = 0; rec = []; st = dict(its=[], capped=0, n=[])
    crun, cw, cm, cP = run, r, m, P; comps = []
    for k in range(T):
        if k:
            r = PS * r; m = m @ F.T; P = F @ P @ F.T + Q
            cw = PS * cw; cm = cm @ F.T; cP = F @ cP @ F.T + Q
        M = max(1, max(len(z[k]) for z in Zs))
        Zp = np.full((R, M, 2), 1e9); Zm = np.zeros((R, M), bool)
        for i, z in enumerate(Zs): Zp[i, :len(z[k])] = z[k]; Zm[i, :len(z[k])] = True
        flat = -np.ones((R, M), int); flat[Zm] = np.arange(Zm.sum()); nm = Zm.sum()
        mrun = np.nonzero(Zm)[0]; z = Zp[Zm]
        w, B = fld[k]
        U, nmn, nP = from_field(z, w, B, pd)
        if len(cw):                                          # recycled components
            ti, mj, nu, lik = gate_edges(crun, cm, cP, Zp, Zm, cfg["gate"])
            j = flat[crun[ti], mj]; K, Pu = kal(cP); a = pd * cw[ti] * lik
            mm = cm[ti] + np.einsum("eij,ej->ei", K[ti], nu); x = mm - nmn[j]; C2 = Pu[ti] + x[:, :, None]*x[:, None, :]
            U2 = U + bc(j, a, nm); g = 1 / U2
            dm = np.stack([bc(j, a*x[:, i], nm)*g for i in range(4)], 1)
            PP = nP * (U*g)[:, None, None]
            for i in range(4):
                for l in range(4): PP[:, i, l] += bc(j, a*C2[:, i, l], nm)*g
            nP = PP - dm[:, :, None]*dm[:, None, :]; nmn = nmn + dm; U = U2
        C = lc + U
        ti, mj, nu, lik = gate_edges(run, m, P, Zp, Zm, cfg["gate"])
        j = flat[run[ti], mj]; miss = 1 - r + r*(1-pd)
        pe, p0, pn, its, cap = bp(ti, j, mrun, r[ti]*pd*lik/miss[ti], len(r), nm, C, cfg, R)
        st["its"].append(its); st["capped"] += cap
        # existing tracks
        n = len(r); w0 = p0 * r*(1-pd)/miss; rn = np.minimum(w0 + bc(ti, pe, n), 1.)
        ir = 1/np.maximum(rn, 1e-300); W = pe * ir[ti]
        nb = np.stack([bc(ti, W*nu[:, 0], n), bc(ti, W*nu[:, 1], n)], 1)
        V = np.empty((n, 2, 2)); V[:, 0, 0] = bc(ti, W*nu[:, 0]**2, n); V[:, 1, 1] = bc(ti, W*nu[:, 1]**2, n)
        V[:, 0, 1] = V[:, 1, 0] = bc(ti, W*nu[:, 0]*nu[:, 1], n); V -= nb[:, :, None]*nb[:, None, :]
        K, Pu = kal(P); h = (w0*ir)[:, None, None]
        P = h*P + (1-h)*Pu + K @ V @ np.swapaxes(K, 1, 2)
        m = m + np.einsum("nij,nj->ni", K, nb); r = rn
        # new ones
        r = np.r_[r, pn*U/C]; m = np.r_[m, nmn]; P = np.r_[P, nP]; run = np.r_[run, mrun]
        ids = np.r_[ids, nid + np.arange(nm)]; nid += nm
        if cfg["recycle"]:
            cw = (1-pd)*cw; lo = (r < cfg["recycle"]) & (r >= cfg["prune"]); kc = cw >= cfg["prune"]
            crun = np.r_[crun[kc], run[lo]]; cw = np.r_[cw[kc], r[lo]]; cm = np.r_[cm[kc], m[lo]]; cP = np.r_[cP[kc], P[lo]]
            comps.append((crun, cw, cm, cP))
        keep = r >= max(cfg["prune"], cfg["recycle"])
        run, r, m, P, ids = run[keep], r[keep], m[keep], P[keep], ids[keep]
        o = np.argsort(run, kind="stable"); run, r, m, P, ids = run[o], r[o], m[o], P[o], ids[o]
        y = r > cfg["store"]; rec.append((ids[y], run[y], r[y], m[y], P[y])); st["n"].append(len(r)/R)
    return rec, nid, fld, comps, st

def smooth(pd, rec, nid, fld, comps, cfg, carry):
    """yields estimates (run, scan, position)"""
    Q = np.kron(np.eye(2), Q2(cfg["q"]))
    e = np.zeros(nid); mx = np.zeros(nid); first = np.full(nid, T); E = [None]*T
    for k in range(T-1, -1, -1):
        ids, run, r, _, _ = rec[k]
        e[ids] = r if k == T-1 else e[ids] + (1-e[ids])*r*(1-PS)/(1-PS*r)
        E[k] = e[ids].copy(); e[:] = 0; e[ids] = E[k]; np.maximum.at(mx, ids, E[k]); first[ids] = k
    sel = np.flatnonzero(mx > cfg["rsmo"]); n = len(sel); col = -np.ones(nid, int); col[sel] = np.arange(n)
    fst = first[sel]; srun = np.zeros(n, int)
    ex = np.zeros(n); M = np.zeros((n, 4)); P = np.tile(np.eye(4), (n, 1, 1)); live = np.zeros(n, bool)
    out = []; pre = 0
    for k in range(T-1, -1, -1):
        ids, run, _, mk, Pk = rec[k]; c = col[ids]; s = c >= 0
        here = np.zeros(n, bool); here[c[s]] = True; srun[c[s]] = run[s]
        # before the first detection: from k+1 (first >= k+1) to k
        b = live & ~here & (fst > k) & (carry != "none")
        ex[~here & ~b] = 0; live[~here & ~b] = False
        if b.any():
            i = np.flatnonzero(b); w, B = fld[k+1]; x = M[i] - MB; wp, Bp = w[:-1], B[:-1]
            if len(wp) == 0: ex[i] = 0; live[i] = False
            else:
                def dens(w, B):
                    if carry == "mass": return np.tile(w, (len(i), 1))
                    if carry == "pos":
                        v = B[:, 0, 0]; return w/v*np.exp(-.5*(x[:, [0]]**2 + x[:, [2]]**2)/v)
                    Bi = np.linalg.inv(B)
                    d = np.einsum("ni,cij,nj->nc", x[:, :2], Bi, x[:, :2]) + np.einsum("ni,cij,nj->nc", x[:, 2:], Bi, x[:, 2:])
                    return w/np.linalg.det(B)*np.exp(-.5*d)
                dn = dens(w, B); old, new = dn[:, :-1].sum(1), dn[:, -1]
                # state: RTS with the moment-matched field
                bp_ = (wp[:, None, None]*Bp).sum(0)/wp.sum(); post = np.linalg.inv(F2) @ (bp_ - Q2(cfg["q"])) @ np.linalg.inv(F2).T
                if cfg["newvel"] == "fixed": post = Bp[0]; bp_ = F2 @ post @ F2.T + Q2(cfg["q"])
                if carry == "flat": G = FI; mb_ = M[i] @ FI.T; Pb = FI @ (P[i] + Q) @ FI.T
                else:
                    G = blk(post @ F2.T @ np.linalg.inv(bp_)); mb_ = MB + (M[i]-MB) @ G.T
                    Pb = blk(post) + G @ (P[i] - blk(bp_)) @ G.T
                if cfg["recycle"] and len(comps[k][1]):
                    cr, cw, cm, cP = comps[k]
                    a, q = np.nonzero(srun[i][:, None] == cr[None])
                    pm = cm @ F.T; pP = F @ cP @ F.T + Q; Pi = np.linalg.inv(pP); G = cP @ F.T @ Pi
                    y = M[i][a] - pm[q]; d = np.einsum("ei,eij,ej->e", y, Pi[q], y)
                    nrm = PS*cw[q]*np.exp(-.5*d)/np.sqrt(np.linalg.det(pP))[q]
                    km = cm[q] + np.einsum("eij,ej->ei", G[q], y)
                    kP = cP[q] + G[q] @ (P[i][a]-pP[q]) @ np.swapaxes(G[q], 1, 2)
                    tot = old + bc(a, nrm, len(i)); f = 1/tot; dx = km - mb_[a]
                    C2 = kP + dx[:, :, None]*dx[:, None, :]
                    dm = np.stack([bc(a, nrm*dx[:, l], len(i))*f for l in range(4)], 1)
                    Pn = Pb*(old*f)[:, None, None]
                    for l in range(4):
                        for o in range(4): Pn[:, l, o] += bc(a, nrm*C2[:, l, o], len(i))*f
                    mb_ = mb_ + dm; Pb = Pn - dm[:, :, None]*dm[:, None, :]; old = tot
                ex[i] *= old/(old+new); M[i] = mb_; P[i] = Pb
                pre += (ex[i] > cfg["rsmo"]).sum()
        # recorded tracks
        ci = c[s]; mf, Pf = mk[s], Pk[s]; ex[ci] = E[k][s]; nx = live[ci]
        if nx.any():
            Pp = F @ Pf[nx] @ F.T + Q; G = np.swapaxes(np.linalg.solve(Pp, F @ Pf[nx]), 1, 2); q = ci[nx]
            mf = mf.copy(); Pf = Pf.copy()
            mf[nx] += np.einsum("nij,nj->ni", G, M[q] - mf[nx] @ F.T)
            Pf[nx] += G @ (P[q] - Pp) @ np.swapaxes(G, 1, 2)
        M[ci] = mf; P[ci] = Pf; live[ci] = True
        y = ex > cfg["rsmo"]
        out.append((srun[y], np.full(y.sum(), k), M[y][:, [0, 2]]))
    return [np.concatenate(v) for v in zip(*out)], pre

def gospa(truth, alive, est, R):
    """per run sums over scans of (total, loc, missed, false), squared; exact by DP over subsets of the truths"""
    run, k, p = est; row = run*T + k; o = np.argsort(row, kind="stable"); row, p = row[o], p[o]
    cnt = np.bincount(row, minlength=R*T); st = np.r_[0, np.cumsum(cnt)[:-1]]; pos = np.arange(len(row)) - st[row]
    X = truth.reshape(R*T, 4, 2); A = alive.reshape(R*T, 4)
    f = np.full((R*T, 16), np.inf); f[:, 0] = 0
    for e in range(cnt.max() if len(row) else 0):
        q = pos == e; rw = row[q]; d = ((X[rw] - p[q][:, None])**2).sum(2) - 100.; d[(d >= 0) | ~A[rw]] = np.inf
        g = f[rw]; h = g.copy()
        for t in range(4):
            for mask in range(16):
                if not mask >> t & 1:
                    np.minimum(h[:, mask | 1 << t], g[:, mask] + d[:, t], out=h[:, mask | 1 << t])
        f[rw] = h
    b = f.argmin(1); v = f.min(1); na = np.array([bin(i).count("1") for i in range(16)])[b]; nx = A.sum(1)
    loc = v + 100.*na; mi = 50.*(nx-na); fa = 50.*(cnt-na)
    return np.stack([loc+mi+fa, loc, mi, fa], 1).reshape(R, T, 4)

def batch(pd, lam, runs, cfg):
    sims = [simulate(i, pd, lam, cfg) for i in runs]; R = len(sims)
    tr = np.stack([s[0] for s in sims]); al = np.stack([s[1] for s in sims])
    rec, nid, fld, comps, st = track(pd, lam, [s[2] for s in sims], cfg)
    fl = [(run[r > cfg["rfilt"]], np.full((r > cfg["rfilt"]).sum(), k), m[r > cfg["rfilt"]][:, [0, 2]]) for k, (_, run, r, m, _) in enumerate(rec)]
    res = {"filter": gospa(tr, al, [np.concatenate(v) for v in zip(*fl)], R)}
    for c in cfg["smo"].split(","):
        est, pre = smooth(pd, rec, nid, fld, comps, cfg, c)
        res[c] = gospa(tr, al, est, R); st["pre_"+c] = pre
    return res, st

def rms(a): return np.sqrt(a.mean((0, 1)))
def boot(a, n=2000, seed=1):
    g = np.random.default_rng(seed); s = a.mean(1); w = g.multinomial(len(s), np.full(len(s), 1/len(s)), n)/len(s)
    return np.sqrt(w @ s).std(0)

if __name__ == "__main__":
    pd, lam, i0, i1, outp = float(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]), sys.argv[5]
    cfg = dict(DEF)
    for a in sys.argv[6:]:
        k, v = a.split("="); cfg[k] = type(DEF[k])(float(v)) if not isinstance(DEF[k], str) else v
    acc = {}; t0 = time.process_time(); done = 0
    for b in range(i0, i1, 100):
        res, st = batch(pd, lam, range(b, min(b+100, i1)), cfg); done += min(b+100, i1) - b
        for k, v in res.items(): acc.setdefault(k, []).append(v)
        if done in (20, 50, 100, 200, 300, 500, 1000) or done == i1-i0:
            print(f"PD {pd} lam {lam} runs {done} cpu {time.process_time()-t0:.0f}s its mean {np.mean(st['its']):.0f} max {max(st['its'])} capped {st['capped']} tracks/run {np.mean(st['n']):.1f}", {k: int(v) for k, v in st.items() if k[:3] == "pre"})
            for k, v in acc.items():
                a = np.concatenate(v); print(f"  {k:7s}", " / ".join(f"{x:.3f}±{s:.3f}" for x, s in zip(rms(a), boot(a))), flush=True)
    np.savez(outp, **{k: np.concatenate(v).astype(np.float32) for k, v in acc.items()})

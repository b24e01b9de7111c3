//! The rules of the house for shaders, read from the naga module of every joined kernel and from the files.
//!
//! Each rule is a lint that takes a kernel and gives complaints; each is shown to find a planted fault.

mod reflect;

use naga::ir::{Block, Expression, Module, Statement};
use naga::proc::Layouter;
use naga::valid::ModuleInfo;
use naga::{AddressSpace, BinaryOperator, Binding, BuiltIn};
use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use trackweave::fusion::device::kernels::WORKGROUP_SIZE;
use trackweave::fusion::device::{KERNELS, Kernel};
use trackweave::fusion::stage::Stage;
use trackweave_interpreter::lints::Rule;

/// Arrays that one kernel can bind on every driver that was tried.
const STORAGE_MAX: usize = 10;
/// Bytes of workgroup memory, likewise; wgpu does not check them.
const WORKGROUP_BYTES_MAX: u32 = 16 << 10;

/// A kernel as naga reads it.
struct Read<'a> {
    kernel: &'a Kernel,
    module: Module,
    info: ModuleInfo,
}

type Lint = fn(&Read<'_>) -> Vec<String>;

const LINTS: [(&str, Lint); 8] = [
    ("one entry point, named after the file", entry_point),
    ("group 0, contiguous, params first, few arrays", groups),
    ("workgroup size from WORKGROUP_SIZE", workgroup_size),
    ("the first statement turns away invocations past the end", guard),
    ("only built-ins that shaders/README.md allows", built_ins),
    ("every loop has its bound in its head", loops),
    ("nothing asks for num_workgroups", num_workgroups),
    ("SPIR-V can be written and workgroup memory suffices", output),
];

#[test]
fn every_kernel_obeys_every_rule() {
    for kernel in KERNELS {
        let (module, info) = reflect::shader(kernel.wgsl).unwrap_or_else(|error| panic!("`{}`: {error}", kernel.name));
        let read = Read { kernel, module, info };
        for (rule, lint) in LINTS {
            assert_eq!(lint(&read), Vec::<String>::new(), "`{}`: {rule}", kernel.name);
        }
    }
}

#[test]
fn every_kernel_has_a_file_of_its_name_in_the_folder_of_its_stage_and_the_reverse() {
    let listed: BTreeSet<String> = KERNELS.iter().map(|kernel| kernel.name.to_owned()).collect();
    assert_eq!(listed.len(), KERNELS.len(), "names are unique");
    // What kernels share, and what each motion model gives them.
    let parts = ["shared", "motion"].map(|name| shaders().join(name));
    let own = |file: &PathBuf| parts.iter().all(|folder| file.parent() != Some(folder));
    let entries: BTreeSet<String> = files().iter().filter(|file| own(file)).map(|file| stem(file)).collect();
    assert_eq!(entries, listed, "the files of shaders/");
    let folders = ["undetected", "scan", "smooth"].into_iter().chain(Stage::ALL.iter().map(|stage| stage.name()));
    let known: BTreeSet<PathBuf> = folders.map(|name| shaders().join(name)).collect();
    for file in files().iter().filter(|file| own(file)) {
        let folder = file.parent().expect("a folder");
        let alone = folder == shaders() && Stage::ALL.iter().any(|stage| stage.name() == stem(file));
        assert!(alone || known.contains(folder), "{} is in no folder of a stage", file.display());
    }
}

#[test]
fn every_file_names_its_twin_and_belongs_to_a_kernel() {
    for file in files() {
        let text = std::fs::read_to_string(&file).expect("a readable file");
        assert_eq!(head(&text), Vec::<String>::new(), "{}", file.display());
        let used = KERNELS.iter().any(|kernel| kernel.wgsl.contains(&text));
        assert!(used, "{} belongs to no kernel", file.display());
    }
}

#[test]
fn a_head_without_a_twin_or_with_one_that_does_not_exist_is_seen() {
    assert_eq!(head("// Twin: src/fusion/arrays.rs\nfn f() {}"), Vec::<String>::new());
    assert!(!head("// Adds.\nfn f() {}").is_empty(), "no twin");
    assert!(!head("// Twin: src/fusion/gone.rs\nfn f() {}").is_empty(), "no such file");
    assert!(!head("fn f() {}\n// Twin: src/fusion/arrays.rs").is_empty(), "not in the head");
}

#[test]
fn every_rule_finds_its_fault() {
    let body = "if id.x >= params.n { return; }\nx[id.x] = 1.0;\n";
    let good = planted("", "WORKGROUP_SIZE", body, 1);
    for (rule, lint) in LINTS {
        assert_eq!(complaints(&good, lint), Vec::<String>::new(), "{rule} finds a fault where there is none");
    }
    let add = |more: &str| format!("{body}{more}");
    let faults: [(&str, Lint, String); 16] = [
        ("entry point", entry_point, good.replace("fn planted", "fn other")),
        ("entry point", entry_point, format!("{good}\n@compute @workgroup_size(WORKGROUP_SIZE) fn second() {{}}")),
        ("another group", groups, good.replace("@group(0) @binding(1)", "@group(1) @binding(1)")),
        ("a gap", groups, planted("", "WORKGROUP_SIZE", body, 2)),
        ("no params", groups, good.replace("params", "settings")),
        ("a fixed size", workgroup_size, planted("", "64", body, 1)),
        ("no guard", guard, planted("", "WORKGROUP_SIZE", "x[id.x] = 1.0;\n", 1)),
        ("a late guard", guard, planted("", "WORKGROUP_SIZE", &format!("x[0] = 2.0;\n{body}"), 1)),
        (
            "a guard that does not return",
            guard,
            planted("", "WORKGROUP_SIZE", "if id.x >= params.n { x[0] = 1.0; }\nx[1] = 1.0;\n", 1),
        ),
        ("sin", built_ins, planted("", "WORKGROUP_SIZE", &add("x[id.x] = sin(x[id.x]);"), 1)),
        ("dot", built_ins, planted("fn f(v: vec3<f32>) -> f32 { return dot(v, v); }", "WORKGROUP_SIZE", body, 1)),
        ("an endless loop", loops, planted("", "WORKGROUP_SIZE", &add("loop { if x[0] > 1.0 { break; } }"), 1)),
        ("a while", loops, planted("", "WORKGROUP_SIZE", &add("while x[0] < 1.0 { x[0] += 1.0; }"), 1)),
        (
            "num_workgroups",
            num_workgroups,
            good.replace("id: vec3<u32>)", "id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>)"),
        ),
        (
            "workgroup memory",
            output,
            planted("var<workgroup> w: array<f32, 5000>;", "WORKGROUP_SIZE", &add("w[id.x] = x[id.x];"), 1),
        ),
        (
            "a writer that panics",
            output,
            planted(
                "fn f(p: ptr<function, f32>) -> f32 { return *p; }",
                "WORKGROUP_SIZE",
                &add("var a: array<f32, 4>; x[id.x] = f(&a[1]);"),
                1,
            ),
        ),
    ];
    for (fault, lint, wgsl) in &faults {
        assert!(!complaints(wgsl, *lint).is_empty(), "{fault} went unseen in\n{wgsl}");
    }
}

/// A compiler with fast math may turn a negated comparison round, and NaN takes the other branch; a strict one wants loops
/// around barriers to be as long for every invocation; DirectX 12 has no number of workgroups where they are counted on the device.
#[test]
fn no_kernel_has_what_strict_or_fast_compilers_mind() {
    for rule in Rule::ALL {
        let broken = KERNELS.iter().flat_map(|kernel| {
            let lines = rule.broken(kernel.wgsl).unwrap_or_else(|error| panic!("{error}"));
            lines.into_iter().map(|line| (kernel.name, line))
        });
        assert_eq!(broken.collect::<Vec<_>>(), [], "{rule:?}");
    }
}

#[test]
fn numbers_of_16_and_64_bits_are_refused() {
    for declarations in ["enable f16; var<private> h: f16;", "var<private> d: f64;", "var<private> l: i64;"] {
        assert!(reflect::shader(declarations).is_err(), "`{declarations}` is taken");
    }
    assert!(reflect::shader("var<private> f: f32;").is_ok(), "f32 is refused");
}

/// A small kernel: declarations, workgroup size, body, and the number of its second binding.
fn planted(declarations: &str, size: &str, body: &str, second: u32) -> String {
    format!(
        "override WORKGROUP_SIZE: u32;
struct Params {{ n: u32 }}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding({second}) var<storage, read_write> x: array<f32>;
{declarations}
@compute @workgroup_size({size})
fn planted(@builtin(global_invocation_id) id: vec3<u32>) {{
{body}}}
"
    )
}

/// What a lint says of a text; where the text does not even validate, what the validator says.
fn complaints(wgsl: &str, lint: Lint) -> Vec<String> {
    let kernel = Kernel { name: "planted", wgsl: "" };
    match reflect::shader(wgsl) {
        Ok((module, info)) => lint(&Read { kernel: &kernel, module, info }),
        Err(error) => panic!("{error}"),
    }
}

fn entry_point(read: &Read<'_>) -> Vec<String> {
    let names: Vec<&str> = read.module.entry_points.iter().map(|entry| entry.name.as_str()).collect();
    if names == [read.kernel.name] { Vec::new() } else { vec![format!("the entry points are {names:?}")] }
}

fn groups(read: &Read<'_>) -> Vec<String> {
    let bindings = reflect::bindings(&read.module);
    let mut complaints = Vec::new();
    for ((group, binding, name, _), wanted) in bindings.iter().zip(0..) {
        if (*group, *binding) != (0, wanted) {
            complaints
                .push(format!("`{name}` is at group {group}, binding {binding}; wanted group 0, binding {wanted}"));
        }
    }
    if bindings.first().is_none_or(|(_, _, name, space)| name != "params" || *space != "uniform") {
        complaints.push("binding 0 is not the uniform `params`".to_owned());
    }
    if bindings.len() > STORAGE_MAX + 1 {
        complaints.push(format!("{} arrays, at most {STORAGE_MAX}", bindings.len() - 1));
    }
    complaints
}

fn workgroup_size(read: &Read<'_>) -> Vec<String> {
    let named = |expression| match read.module.global_expressions[expression] {
        Expression::Override(handle) => read.module.overrides[handle].name.as_deref() == Some("WORKGROUP_SIZE"),
        _ => false,
    };
    let from_override = |entry: &naga::EntryPoint| {
        let [x, y, z] = entry.workgroup_size_overrides.unwrap_or_default();
        x.is_some_and(named) && y.is_none() && z.is_none() && entry.workgroup_size[1..] == [1, 1]
    };
    let wrong = read.module.entry_points.iter().filter(|entry| !from_override(entry));
    wrong.map(|entry| format!("`{}` has a size of its own", entry.name)).collect()
}

/// The first statement is `if index >= params.… { return; }`.
fn guard(read: &Read<'_>) -> Vec<String> {
    let guarded = |entry: &naga::EntryPoint| {
        // The index may be computed by a function.
        let computed = |statement: &&Statement| matches!(statement, Statement::Emit(_) | Statement::Call { .. });
        let first = entry.function.body.iter().find(|statement| !computed(statement));
        let Some(Statement::If { condition, accept, reject }) = first else { return false };
        let returns = matches!(accept.last(), Some(Statement::Return { value: None })) && accept.len() == 1;
        let expressions = &entry.function.expressions;
        let Expression::Binary { op: BinaryOperator::GreaterEqual, right, .. } = expressions[*condition] else {
            return false;
        };
        let Expression::Load { pointer } = expressions[right] else { return false };
        let Expression::AccessIndex { base, .. } = expressions[pointer] else { return false };
        let Expression::GlobalVariable(variable) = expressions[base] else { return false };
        let name = read.module.global_variables[variable].name.as_deref();
        returns && reject.is_empty() && name == Some("params")
    };
    let wrong = read.module.entry_points.iter().filter(|entry| !guarded(entry));
    wrong.map(|entry| format!("`{}` does not begin with its bound", entry.name)).collect()
}

fn built_ins(read: &Read<'_>) -> Vec<String> {
    let allowed = allowed();
    let mut complaints = Vec::new();
    for function in functions(&read.module) {
        for (_, expression) in function.expressions.iter() {
            if let Expression::Math { fun, .. } = expression {
                let name = format!("{fun:?}").to_lowercase();
                if !allowed.contains(&name) {
                    complaints.push(format!("`{name}` in `{}`", function.name.as_deref().unwrap_or("the entry point")));
                }
            }
        }
    }
    complaints
}

/// A `for` reaches naga as a loop that begins with its test and ends with its step.
fn loops(read: &Read<'_>) -> Vec<String> {
    let mut complaints = Vec::new();
    for function in functions(&read.module) {
        let name = function.name.as_deref().unwrap_or("the entry point");
        each_loop(&function.body, &mut |body, continuing| {
            let first = body.iter().find(|statement| !matches!(statement, Statement::Emit(_)));
            let tested = matches!(first, Some(Statement::If { accept, reject, .. })
                if accept.is_empty() && matches!(reject.last(), Some(Statement::Break)));
            if !tested || continuing.is_empty() {
                complaints.push(format!("a loop of `{name}` is not a `for` with its bound in its head"));
            }
        });
    }
    complaints
}

/// DirectX 12 gives zero for it in indirect dispatches, and says nothing.
fn num_workgroups(read: &Read<'_>) -> Vec<String> {
    let arguments = read.module.entry_points.iter().flat_map(|entry| &entry.function.arguments);
    let asked = arguments.filter(|argument| argument.binding == Some(Binding::BuiltIn(BuiltIn::NumWorkGroups)));
    asked.map(|argument| format!("`{}` is num_workgroups", argument.name.as_deref().unwrap_or_default())).collect()
}

/// Sets the constants and writes SPIR-V, as wgpu will; a panic of the writer is a complaint as well.
fn output(read: &Read<'_>) -> Vec<String> {
    let size = ("WORKGROUP_SIZE", f64::from(WORKGROUP_SIZE));
    let constants = read.kernel.constants().into_iter().chain([size]);
    let constants = constants.map(|(name, value)| (name.to_owned(), value)).collect();
    let written = catch_unwind(AssertUnwindSafe(|| {
        let (module, info) =
            naga::back::pipeline_constants::process_overrides(&read.module, &read.info, None, &constants)
                .map_err(|error| error.to_string())?;
        naga::back::spv::write_vec(&module, &info, &naga::back::spv::Options::default(), None)
            .map_err(|error| error.to_string())?;
        let mut layouter = Layouter::default();
        layouter.update(module.to_ctx()).map_err(|error| error.to_string())?;
        let shared = module.global_variables.iter().filter(|(_, variable)| variable.space == AddressSpace::WorkGroup);
        Ok(shared.map(|(_, variable)| layouter[variable.ty].size).sum::<u32>())
    }));
    match written.unwrap_or_else(|_| Err("the SPIR-V writer of naga panics".to_owned())) {
        Ok(bytes) if bytes <= WORKGROUP_BYTES_MAX => Vec::new(),
        Ok(bytes) => vec![format!("{bytes} bytes of workgroup memory, at most {WORKGROUP_BYTES_MAX}")],
        Err(error) => vec![error],
    }
}

/// The comment that opens a file names a twin that exists.
fn head(text: &str) -> Vec<String> {
    let comment: Vec<&str> = text.lines().take_while(|line| line.starts_with("//")).collect();
    let twin = comment.iter().find_map(|line| line.split_once("Twin: ")).map(|(_, twin)| twin.trim());
    match twin {
        None => vec!["the head names no twin".to_owned()],
        Some(twin) if root().join(twin).is_file() => Vec::new(),
        Some(twin) => vec![format!("`{twin}` does not exist")],
    }
}

fn functions(module: &Module) -> impl Iterator<Item = &naga::Function> {
    let entries = module.entry_points.iter().map(|entry| &entry.function);
    module.functions.iter().map(|(_, function)| function).chain(entries)
}

fn each_loop(block: &Block, visit: &mut impl FnMut(&Block, &Block)) {
    for statement in block {
        match statement {
            Statement::Loop { body, continuing, .. } => {
                visit(body, continuing);
                each_loop(body, visit);
            }
            Statement::Block(block) => each_loop(block, visit),
            Statement::If { accept, reject, .. } => {
                each_loop(accept, visit);
                each_loop(reject, visit);
            }
            Statement::Switch { cases, .. } => cases.iter().for_each(|case| each_loop(&case.body, visit)),
            _ => {}
        }
    }
}

/// First column of the table of built-ins.
fn allowed() -> BTreeSet<String> {
    let text = std::fs::read_to_string(shaders().join("README.md")).expect("shaders/README.md");
    let rows = text.lines().filter_map(|line| line.strip_prefix("| `")?.split_once('`'));
    rows.map(|(name, _)| name.to_lowercase()).collect()
}

fn files() -> Vec<PathBuf> {
    let mut folders = vec![shaders()];
    let mut found = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("a folder of shaders") {
            let path = entry.expect("a readable folder").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|found| found == "wgsl") {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

fn stem(path: &Path) -> String {
    path.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}

fn shaders() -> PathBuf {
    root().join("shaders")
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

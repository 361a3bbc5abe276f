using System.Diagnostics;
using System.Globalization;

namespace Lethe.Proxy.Benchmarks;

/// <summary>A proxy in a process of its own: lethe with capture on, or the floor.</summary>
internal sealed class ProxyUnderTest : IAsyncDisposable
{
    private static readonly TimeSpan StartTimeMax = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan SettleTimeMax = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan SettleLook = TimeSpan.FromMilliseconds(300);
    private readonly Process process;

    private ProxyUnderTest(string name, Process process, string listen, string envoyDoor, string? dataDirectory, string? admin)
    {
        Admin = admin;
        Metrics = admin is null ? null : new MetricsPage(admin);
        EnvoyDoor = envoyDoor;
        Name = name;
        this.process = process;
        Listen = listen;
        DataDirectory = dataDirectory;
    }

    public string Name { get; }

    public string Listen { get; }

    /// <summary>The address of the Envoy door; of the floors, the only one they have.</summary>
    public string EnvoyDoor { get; }

    public string? DataDirectory { get; }

    /// <summary>Where lethe is read; the floors have no such door.</summary>
    public string? Admin { get; }

    /// <summary>What lethe tells of itself; the floors tell nothing.</summary>
    public MetricsPage? Metrics { get; }

    public static Task<ProxyUnderTest> BareYarpAsync(string upstream) => StartFloorAsync("bare YARP", "bare-yarp", upstream);

    public static Task<ProxyUnderTest> GrpcOnKestrelAsync() => StartFloorAsync("bare Kestrel gRPC", "grpc-on-kestrel");

    public static Task<ProxyUnderTest> GrpcEchoAsync() => StartFloorAsync("Grpc.AspNetCore echo", "grpc-echo");

    public static Task<ProxyUnderTest> LetheAsync(string upstream) => LetheOnAsync(Directory.CreateTempSubdirectory("lethe-bench-").FullName, upstream);

    /// <param name="directory">The data directory is made in it.</param>
    /// <param name="arguments">Of <c>lethe run</c>, beside those that every measured one has.</param>
    public static Task<ProxyUnderTest> LetheOnAsync(string directory, string upstream, params string[] arguments) =>
        LetheAsync("lethe", directory, upstream, Program("lethe.dll"), arguments);

    /// <summary>Another build of lethe, to be measured beside this one: LETHE_BENCH_BEFORE is the path of its <c>lethe.dll</c>. Null where none is named.</summary>
    public static async Task<ProxyUnderTest?> LetheBeforeAsync(string upstream) =>
        Environment.GetEnvironmentVariable("LETHE_BENCH_BEFORE") is { Length: > 0 } program
            ? await LetheAsync("lethe before", Directory.CreateTempSubdirectory("lethe-bench-").FullName, upstream, new ProcessStartInfo("dotnet") { RedirectStandardOutput = true, ArgumentList = { program } }, [])
            : null;

    private static async Task<ProxyUnderTest> LetheAsync(string name, string directory, string upstream, ProcessStartInfo start, string[] arguments)
    {
        const string AnyPort = "http://127.0.0.1:0";
        var data = Path.Combine(directory, "data");
        foreach (var argument in (string[])["run", "--data", data, "--listen", AnyPort, "--admin", AnyPort, "--extproc", AnyPort, .. arguments])
        {
            start.ArgumentList.Add(argument);
        }

        start.Environment["Lethe__Upstreams__anthropic__Address"] = upstream;
        var (process, doors) = await ListeningAsync(start, "forwarding", "admin", "ext_proc");
        return new ProxyUnderTest(name, process, doors[0], doors[2], data, doors[1]);
    }

    /// <summary>How long lethe takes on a data directory, which stays, until every door listens.</summary>
    public static async Task<TimeSpan> StartTimeAsync(string directory, string upstream)
    {
        var clock = Stopwatch.StartNew();
        var lethe = await LetheOnAsync(directory, upstream);
        var took = clock.Elapsed;
        await lethe.StopAsync();
        lethe.process.Dispose();
        lethe.Metrics?.Dispose();
        return took;
    }

    /// <summary>Runs <c>lethe export --bodies</c>: how long it took, and the lines and characters that it wrote.</summary>
    public static async Task<(TimeSpan Took, long Lines, long Characters)> ExportAsync(string dataDirectory)
    {
        var clock = Stopwatch.StartNew();
        using var export = Process.Start(Program("lethe.dll", "export", "--bodies", "--data", dataDirectory))!;
        long lines = 0, characters = 0;
        while (await export.StandardOutput.ReadLineAsync() is { } line)
        {
            lines++;
            characters += line.Length;
        }

        await export.WaitForExitAsync();
        return export.ExitCode == 0 ? (clock.Elapsed, lines, characters) : throw new InvalidOperationException($"export ended with {export.ExitCode}");
    }

    /// <summary>Resident memory, in bytes.</summary>
    public long ResidentBytes()
    {
        process.Refresh();
        return process.WorkingSet64;
    }

    /// <summary>What it has spent since it began.</summary>
    public TimeSpan ProcessorTime()
    {
        process.Refresh();
        return process.TotalProcessorTime;
    }

    /// <summary>Waits until it does nothing any more, for a minute at most.</summary>
    public async Task SettleAsync()
    {
        var waited = Stopwatch.StartNew();
        var quiet = 0;
        while (quiet < 2 && waited.Elapsed < SettleTimeMax)
        {
            process.Refresh();
            var before = process.TotalProcessorTime;
            await Task.Delay(SettleLook);
            process.Refresh();
            quiet = process.TotalProcessorTime - before < SettleLook * 0.1 ? quiet + 1 : 0;
        }
    }

    /// <summary>Asks it to stop as its users do, and waits until all it holds is written.</summary>
    public async Task StopAsync()
    {
        using var kill = Process.Start("kill", ["-TERM", process.Id.ToString(CultureInfo.InvariantCulture)]);
        await process.WaitForExitAsync().WaitAsync(TimeSpan.FromMinutes(5));
    }

    public async ValueTask DisposeAsync()
    {
        if (!process.HasExited)
        {
            process.Kill();
            await process.WaitForExitAsync();
        }

        process.Dispose();
        Metrics?.Dispose();
        if (DataDirectory is not null)
        {
            Directory.Delete(Path.GetDirectoryName(DataDirectory)!, recursive: true);
        }
    }

    private static async Task<ProxyUnderTest> StartFloorAsync(string name, params string[] arguments)
    {
        var (process, doors) = await ListeningAsync(Program("Lethe.Proxy.Benchmarks.dll", arguments), "floor");
        return new ProxyUnderTest(name, process, doors[0], doors[0], null, null);
    }

    /// <summary>Starts a proxy and reads from what it prints, which is all that it prints, where its doors are, in the order of their names.</summary>
    private static async Task<(Process Process, string[] Doors)> ListeningAsync(ProcessStartInfo start, params string[] names)
    {
        using var bound = new CancellationTokenSource(StartTimeMax);
        var process = Process.Start(start)!;
        var doors = new List<string>();
        while (doors.Count < names.Length)
        {
            var line = await process.StandardOutput.ReadLineAsync(bound.Token) ?? throw new InvalidOperationException($"the process with the door {names[0]} did not start");
            if (line.StartsWith($"  {names[doors.Count]} ", StringComparison.Ordinal))
            {
                doors.Add(line.Split(' ')[^1]);
            }
        }

        return (process, [.. doors]);
    }

    public static ProcessStartInfo Program(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true };
        // What is published has one list of dependencies, ours, in which lethe's are too.
        var dependencies = Path.Combine(AppContext.BaseDirectory, "Lethe.Proxy.Benchmarks.deps.json");
        foreach (var argument in (string[])["exec", "--depsfile", dependencies, Path.Combine(AppContext.BaseDirectory, program), .. arguments])
        {
            start.ArgumentList.Add(argument);
        }

        return start;
    }
}

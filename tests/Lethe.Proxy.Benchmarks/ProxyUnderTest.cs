using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Lethe.Proxy.Benchmarks;

/// <summary>A proxy in a process of its own: lethe with capture on, or the floor.</summary>
internal sealed class ProxyUnderTest : IAsyncDisposable
{
    private static readonly TimeSpan StartTimeMax = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan SettleTimeMax = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan SettleLook = TimeSpan.FromMilliseconds(300);
    private readonly Process process;

    private ProxyUnderTest(string name, Process process, string listen, string envoyDoor, string? dataDirectory, MetricsPage? metrics)
    {
        Metrics = metrics;
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

    /// <summary>What lethe tells of itself; the floors tell nothing.</summary>
    public MetricsPage? Metrics { get; }

    public static Task<ProxyUnderTest> BareYarpAsync(string upstream)
    {
        var listen = FreeAddress();
        return StartAsync("bare YARP", Start("Lethe.Proxy.Benchmarks.dll", "bare-yarp", listen, upstream), listen, listen, null);
    }

    public static Task<ProxyUnderTest> GrpcEchoAsync()
    {
        var listen = FreeAddress();
        return StartAsync("gRPC echo", Start("Lethe.Proxy.Benchmarks.dll", "grpc-echo", listen), listen, listen, null);
    }

    public static Task<ProxyUnderTest> LetheAsync(string upstream)
    {
        var (listen, door, admin) = (FreeAddress(), FreeAddress(), FreeAddress());
        var data = Path.Combine(Directory.CreateTempSubdirectory("lethe-bench-").FullName, "data");
        var start = Start("lethe.dll", "run", "--data", data, "--listen", listen, "--admin", admin, "--extproc", door);
        start.Environment["Lethe__Upstreams__anthropic__Address"] = upstream;
        return StartAsync("lethe", start, listen, door, data, new MetricsPage(admin));
    }

    /// <summary>Resident memory, in bytes.</summary>
    public long ResidentBytes()
    {
        process.Refresh();
        return process.WorkingSet64;
    }

    /// <summary>Waits until it does nothing any more, for a minute at most.</summary>
    public async Task SettleAsync()
    {
        var waited = Stopwatch.StartNew();
        for (var quiet = 0; quiet < 2 && waited.Elapsed < SettleTimeMax;)
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

    private static async Task<ProxyUnderTest> StartAsync(string name, ProcessStartInfo start, string listen, string door, string? data, MetricsPage? metrics = null)
    {
        var process = Process.Start(start)!;
        process.OutputDataReceived += (_, _) => { };
        process.BeginOutputReadLine();
        var waited = Stopwatch.StartNew();
        while (waited.Elapsed < StartTimeMax && !process.HasExited)
        {
            try
            {
                foreach (var address in (string[])[listen, door])
                {
                    using var socket = new TcpClient();
                    await socket.ConnectAsync(IPAddress.Loopback, new Uri(address).Port);
                }

                return new ProxyUnderTest(name, process, listen, door, data, metrics);
            }
            catch (SocketException)
            {
                await Task.Delay(50);
            }
        }

        throw new InvalidOperationException($"{name} did not start");
    }

    private static ProcessStartInfo Start(string program, params string[] arguments)
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

    private static string FreeAddress()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return $"http://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}";
    }
}

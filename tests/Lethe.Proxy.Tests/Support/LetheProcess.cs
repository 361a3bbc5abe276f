using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace Lethe.Proxy.Tests;

/// <summary>The product as its users run it: a process of its own, its doors on loopback ports, its data in a directory of the test's.</summary>
internal sealed partial class LetheProcess : IAsyncDisposable
{
    private static readonly TimeSpan StartTimeMax = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan StopTimeMax = TimeSpan.FromSeconds(60);
    private static readonly HttpClient Http = new();

    private readonly Process process;
    private readonly bool ownsData;
    private readonly Task<string> output;
    private readonly Task<string> errors;

    private LetheProcess(Process process, string dataDirectory, bool ownsData, int listenPort, int adminPort, string extProc)
    {
        this.process = process;
        this.ownsData = ownsData;
        DataDirectory = dataDirectory;
        Listen = $"http://127.0.0.1:{listenPort}";
        Admin = $"http://127.0.0.1:{adminPort}";
        ExtProc = extProc;
        output = process.StandardOutput.ReadToEndAsync();
        errors = process.StandardError.ReadToEndAsync();
    }

    public string DataDirectory { get; }

    public string Listen { get; }

    public string Admin { get; }

    public string ExtProc { get; }

    /// <summary>Starts <c>lethe run</c> and waits until it says that it is ready.</summary>
    /// <param name="settings">Configuration, as <c>Lethe:…</c> keys.</param>
    public static async Task<LetheProcess> StartAsync(string? dataDirectory = null, params (string Key, string Value)[] settings)
    {
        var data = dataDirectory ?? Path.Combine(Directory.CreateTempSubdirectory("lethe-test-").FullName, "data");
        var ports = FreePorts(3);
        // The Envoy of a test looks for its processor where it always was.
        var extProc = settings.FirstOrDefault(setting => setting.Key == "Lethe:ExtProc:Listen").Value ?? $"http://127.0.0.1:{ports[2]}";
        var start = Command(["run", "--data", data, "--listen", $"http://127.0.0.1:{ports[0]}", "--admin", $"http://127.0.0.1:{ports[1]}", "--extproc", extProc]);
        foreach (var (key, value) in settings)
        {
            start.Environment[key.Replace(":", "__", StringComparison.Ordinal)] = value;
        }

        var lethe = new LetheProcess(Process.Start(start)!, data, dataDirectory is null, ports[0], ports[1], extProc);
        await lethe.UntilReadyAsync();
        return lethe;
    }

    /// <summary>Points the built-in upstreams that the agents use at one address.</summary>
    public static (string Key, string Value)[] Upstream(string address) =>
        [("Lethe:Upstreams:anthropic:Address", address), ("Lethe:Upstreams:openai:Address", address)];

    /// <summary>Runs one command of the product to its end.</summary>
    public static async Task<(int ExitCode, string Output, string Errors)> RunAsync(params string[] arguments)
    {
        using var command = Process.Start(Command(arguments))!;
        var output = command.StandardOutput.ReadToEndAsync();
        var errors = command.StandardError.ReadToEndAsync();
        using var timeout = new CancellationTokenSource(StartTimeMax);
        await command.WaitForExitAsync(timeout.Token);
        return (command.ExitCode, await output, await errors);
    }

    /// <summary>Everything it printed, when it has stopped.</summary>
    public async Task<string> SaidAsync() => await output + await errors;

    /// <summary>The most memory it ever held, in bytes (VmHWM).</summary>
    public long PeakMemory()
    {
        var line = File.ReadLines($"/proc/{process.Id}/status").Single(line => line.StartsWith("VmHWM:", StringComparison.Ordinal));
        return long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[^2], System.Globalization.CultureInfo.InvariantCulture) * 1024;
    }

    /// <summary>The records of <c>lethe export</c>, one per exchange.</summary>
    public Task<List<JsonElement>> ExportAsync(params string[] arguments) => ExportAsync(DataDirectory, arguments);

    public static async Task<List<JsonElement>> ExportAsync(string dataDirectory, params string[] arguments)
    {
        var (exitCode, output, errors) = await RunAsync(["export", "--data", dataDirectory, .. arguments]);
        Assert.True(exitCode == 0, $"export: exit {exitCode}\n{errors}");
        return [.. output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonDocument.Parse(line).RootElement)];
    }

    /// <summary>The power goes: SIGKILL, nothing is flushed.</summary>
    public async Task KillAsync()
    {
        process.Kill();
        await process.WaitForExitAsync();
    }

    /// <summary>SIGTERM, and everything heard is drained into the store.</summary>
    public async Task StopAsync()
    {
        if (process.HasExited)
        {
            return;
        }

        _ = Kill(process.Id, 15);
        using var timeout = new CancellationTokenSource(StopTimeMax);
        await process.WaitForExitAsync(timeout.Token);
        Assert.True(process.ExitCode == 0, $"lethe run: exit {process.ExitCode}\n{await output}\n{await errors}");
    }

    public async ValueTask DisposeAsync()
    {
        if (!process.HasExited)
        {
            process.Kill();
            await process.WaitForExitAsync();
        }

        process.Dispose();
        if (ownsData)
        {
            Directory.Delete(Path.GetDirectoryName(DataDirectory)!, recursive: true);
        }
    }

    private static ProcessStartInfo Command(string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true, RedirectStandardError = true };
        start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, "lethe.dll"));
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        return start;
    }

    private static int[] FreePorts(int count)
    {
        var held = Enumerable.Range(0, count).Select(_ => new TcpListener(IPAddress.Loopback, 0)).ToList();
        held.ForEach(listener => listener.Start());
        var ports = held.Select(listener => ((IPEndPoint)listener.LocalEndpoint).Port).ToArray();
        held.ForEach(listener => listener.Stop());
        return ports;
    }

    private async Task UntilReadyAsync()
    {
        var deadline = Stopwatch.StartNew();
        while (deadline.Elapsed < StartTimeMax)
        {
            if (process.HasExited)
            {
                Assert.Fail($"lethe run ended: exit {process.ExitCode}\n{await output}\n{await errors}");
            }

            try
            {
                using var answer = await Http.GetAsync(new Uri(Admin + "/readyz"));
                if (answer.IsSuccessStatusCode)
                {
                    return;
                }
            }
            catch (HttpRequestException)
            {
                // Not listening yet.
            }

            await Task.Delay(50);
        }

        Assert.Fail($"lethe run was not ready within {StartTimeMax}");
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int processId, int signal);
}

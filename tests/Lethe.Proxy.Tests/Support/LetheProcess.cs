using System.Diagnostics;
using System.Globalization;
using System.Text.Json;

namespace Lethe.Proxy.Tests;

/// <summary>The recorder as its users run it: a process of its own, its doors on loopback ports of the system's choice, its data in a directory of the test's.</summary>
internal sealed class LetheProcess : IAsyncDisposable
{
    private static readonly TimeSpan ReadyTimeMax = TimeSpan.FromSeconds(60);
    private static readonly HttpClient Http = new();

    private readonly LetheProgram program;
    private readonly bool ownsData;

    private LetheProcess(LetheProgram program, string dataDirectory, bool ownsData, string listen, string admin, string extProc)
    {
        (this.program, DataDirectory, this.ownsData) = (program, dataDirectory, ownsData);
        (Listen, Admin, ExtProc) = (listen, admin, extProc);
    }

    public string DataDirectory { get; }

    public string Listen { get; }

    public string Admin { get; }

    public string ExtProc { get; }

    /// <summary>Starts <c>lethe run</c> and waits until it says that it is ready.</summary>
    /// <param name="settings">Configuration, as <c>Lethe:…</c> keys; the Envoy of a test looks for its processor where <c>Lethe:ExtProc:Listen</c> says.</param>
    public static Task<LetheProcess> StartAsync(string? dataDirectory = null, params (string Key, string Value)[] settings) => StartAsync([], dataDirectory, settings);

    /// <summary>The same, with its data on a disk of so many mebibytes that only this process sees. Who is not root has one in a user namespace of its own.</summary>
    public static async Task<LetheProcess> StartOnSmallDiskAsync(int megabytes)
    {
        var disk = Directory.CreateTempSubdirectory("lethe-disk-").FullName;
        string[] within =
        [
            "unshare", .. Environment.IsPrivilegedProcess ? (string[])["--mount"] : ["--user", "--map-root-user", "--mount"],
            "sh", "-c", $"mount -t tmpfs -o size={megabytes.ToString(CultureInfo.InvariantCulture)}m,mode=0700 tmpfs '{disk}' && exec \"$@\"", "sh",
        ];
        return await StartAsync(within, Path.Combine(disk, "data"), []);
    }

    private static async Task<LetheProcess> StartAsync(string[] within, string? dataDirectory, (string Key, string Value)[] settings)
    {
        const string AnyPort = "http://127.0.0.1:0";
        var data = dataDirectory ?? Path.Combine(Directory.CreateTempSubdirectory("lethe-test-").FullName, "data");
        var environment = new Dictionary<string, string> { ["Lethe__ExtProc__Listen"] = AnyPort };
        foreach (var (key, value) in settings)
        {
            environment[key.Replace(":", "__", StringComparison.Ordinal)] = value;
        }

        var program = LetheProgram.StartWithin(within, AppContext.BaseDirectory, environment, "run", "--data", data, "--listen", AnyPort, "--admin", AnyPort);
        try
        {
            var lethe = new LetheProcess(program, data, dataDirectory is null, await Door("forwarding"), await Door("admin"), await Door("ext_proc"));
            await lethe.UntilReadyAsync();
            return lethe;
        }
        catch
        {
            await program.KillAsync();
            program.Dispose();
            throw;
        }

        async Task<string> Door(string name) => (await program.ReadLineAsync($"  {name} ")).Split(' ')[^1];
    }

    /// <summary>Points the built-in upstreams that the agents use at one address.</summary>
    public static (string Key, string Value)[] Upstream(string address) =>
        [("Lethe:Upstreams:anthropic:Address", address), ("Lethe:Upstreams:openai:Address", address), ("Lethe:Upstreams:gemini:Address", address)];

    /// <summary>Everything it printed, when it has stopped.</summary>
    public async Task<string> SaidAsync()
    {
        var (_, output, errors) = await program.ExitAsync();
        return output + errors;
    }

    /// <summary>The most memory it ever held, in bytes (VmHWM).</summary>
    public long PeakMemory()
    {
        var line = File.ReadLines($"/proc/{program.Id}/status").Single(line => line.StartsWith("VmHWM:", StringComparison.Ordinal));
        return long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[^2], CultureInfo.InvariantCulture) * 1024;
    }

    /// <summary>A file as the process sees it.</summary>
    public string Sees(string path) => $"/proc/{program.Id.ToString(CultureInfo.InvariantCulture)}/root{path}";

    /// <summary>Runs one command where the process is: it sees the same disks.</summary>
    public Task<(int ExitCode, string Output, string Error)> RunBesideAsync(params string[] args) => LetheProgram.RunWithinAsync(
        ["nsenter", "--target", program.Id.ToString(CultureInfo.InvariantCulture), .. Environment.IsPrivilegedProcess ? (string[])["--mount"] : ["--user", "--preserve-credentials", "--mount"]],
        args);

    /// <summary>The records of <c>lethe export</c>, one per exchange.</summary>
    public Task<List<JsonElement>> ExportAsync(params string[] arguments) => ExportAsync(DataDirectory, arguments);

    public static async Task<List<JsonElement>> ExportAsync(string dataDirectory, params string[] arguments)
    {
        var (exitCode, output, errors) = await LetheProgram.RunAsync(["export", "--data", dataDirectory, .. arguments]);
        Assert.True(exitCode == 0, $"export: exit {exitCode}\n{errors}");
        return [.. output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonDocument.Parse(line).RootElement)];
    }

    /// <summary>The power goes.</summary>
    public Task KillAsync() => program.KillAsync();

    /// <summary>SIGTERM, and everything heard is drained into the store.</summary>
    public async Task StopAsync()
    {
        program.Signal(LetheProgram.SigTerm);
        var (exitCode, output, errors) = await program.ExitAsync();
        Assert.True(exitCode == 0, $"lethe run: exit {exitCode}\n{output}\n{errors}");
    }

    public async ValueTask DisposeAsync()
    {
        await program.KillAsync();
        program.Dispose();
        if (ownsData)
        {
            Directory.Delete(Path.GetDirectoryName(DataDirectory)!, recursive: true);
        }
    }

    private async Task UntilReadyAsync()
    {
        var waited = Stopwatch.StartNew();
        while (waited.Elapsed < ReadyTimeMax)
        {
            using var answer = await Http.GetAsync(new Uri(Admin + "/readyz"));
            if (answer.IsSuccessStatusCode)
            {
                return;
            }

            await Task.Delay(50);
        }

        Assert.Fail($"lethe run was not ready within {ReadyTimeMax}");
    }
}

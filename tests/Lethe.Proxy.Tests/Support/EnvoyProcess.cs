using System.Diagnostics;
using Lethe.Proxy.Tests.ExtProc;
using Xunit.Abstractions;

namespace Lethe.Proxy.Tests.Support;

/// <summary>A real Envoy that runs a configuration as it is shipped, with its addresses replaced: on ports of its own choice, before a model of the test's.</summary>
internal sealed class EnvoyProcess : IAsyncDisposable
{
    private static readonly TimeSpan StartTimeMax = TimeSpan.FromSeconds(60);
    private static readonly HttpClient Http = new();

    private readonly Process process;
    private readonly string folder;

    private EnvoyProcess(Process process, string folder, string lethe, string admin, string address)
    {
        (this.process, this.folder) = (process, folder);
        (Lethe, Admin, Address) = (lethe, admin, address);
    }

    /// <summary>Where this Envoy looks for Lethe, as <c>Lethe:ExtProc:Listen</c> wants it.</summary>
    public string Lethe { get; }

    public string Admin { get; }

    /// <summary>Where clients call.</summary>
    public string Address { get; }

    public static string Shipped(string file) => Path.Combine(Checkout.Root, "envoy", file);

    /// <summary>The binary that <c>LETHE_ENVOY</c> names, or one unpacked from beside the checkout; null, and a line in the output, where there is neither.</summary>
    public static async Task<string?> FindAsync(ITestOutputHelper output)
    {
        if (Environment.GetEnvironmentVariable("LETHE_ENVOY") is { Length: > 0 } named)
        {
            return named;
        }

        if (SharedFixtures.FindEnvoy() is not { } packed)
        {
            output.WriteLine("No Envoy here: set LETHE_ENVOY to a binary to run this.");
            return null;
        }

        var unpacked = Path.Combine(Path.GetTempPath(), "lethe-envoy-1.40.0");
        if (!File.Exists(unpacked))
        {
            var part = $"{unpacked}.{Guid.NewGuid():N}";
            using var xz = Process.Start("sh", ["-c", $"xz -dc '{packed}' > '{part}' && chmod 755 '{part}'"]);
            await xz.WaitForExitAsync();
            Assert.Equal(0, xz.ExitCode);
            File.Move(part, unpacked, overwrite: true);
        }

        return unpacked;
    }

    /// <summary>Starts Envoy and waits until it listens. Lethe need not be there.</summary>
    /// <param name="file">A file of <c>envoy/</c>.</param>
    /// <param name="model">The address of the model API behind it.</param>
    /// <param name="edit">Changes the configuration beyond its addresses.</param>
    public static async Task<EnvoyProcess> StartAsync(string program, string file, string model, Func<string, string>? edit = null)
    {
        var folder = Directory.CreateTempSubdirectory("lethe-envoy-").FullName;
        var socket = Path.Combine(folder, "extproc.sock");
        var (bootstrap, log, adminFile) = (Path.Combine(folder, "envoy.yaml"), Path.Combine(folder, "envoy.log"), Path.Combine(folder, "admin"));
        var addressed = Addressed(await File.ReadAllTextAsync(Shipped(file)), socket, new Uri(model).Port);
        await File.WriteAllTextAsync(bootstrap, edit?.Invoke(addressed) ?? addressed);
        var process = Process.Start(program, ["-c", bootstrap, "--concurrency", "1", "--disable-hot-restart", "-l", "error", "--log-path", log, "--admin-address-path", adminFile]);
        var since = Stopwatch.StartNew();
        while (!process.HasExited && since.Elapsed < StartTimeMax)
        {
            if (await TryReadAddressAsync(adminFile) is var (admin, address))
            {
                return new EnvoyProcess(process, folder, "unix:" + socket, admin, address);
            }

            await Task.Delay(50);
        }

        process.Kill();
        throw new InvalidOperationException($"Envoy does not listen: {await File.ReadAllTextAsync(log)}");
    }

    public async ValueTask DisposeAsync()
    {
        process.Kill();
        await process.WaitForExitAsync();
        process.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    private static string Addressed(string shipped, string socket, int modelPort)
    {
        var addressed = shipped
            .Replace("/run/lethe/extproc.sock", socket, StringComparison.Ordinal)
            .Replace("socket_address: { address: 127.0.0.1, port_value: 4143 }", $"pipe: {{ path: {socket} }}", StringComparison.Ordinal)
            .Replace("port_value: 10000", "port_value: 0", StringComparison.Ordinal)
            .Replace("port_value: 9901", "port_value: 0", StringComparison.Ordinal)
            .Replace("port_value: 8080", $"port_value: {modelPort}", StringComparison.Ordinal);
        return addressed.Contains("\nadmin:", StringComparison.Ordinal)
            ? addressed
            : "admin: { address: { socket_address: { address: 127.0.0.1, port_value: 0 } } }\n" + addressed;
    }

    private static async Task<(string Admin, string Address)?> TryReadAddressAsync(string adminFile)
    {
        if (!File.Exists(adminFile) || await File.ReadAllTextAsync(adminFile) is not { Length: > 0 } admin)
        {
            return null;
        }

        // One line: the listener's name, two colons, its address.
        var listeners = await Http.GetStringAsync(new Uri($"http://{admin.Trim()}/listeners"));
        return listeners.Split("::", 2) is [_, var address] && !address.TrimEnd().EndsWith(":0", StringComparison.Ordinal)
            ? ($"http://{admin.Trim()}", $"http://{address.Trim()}")
            : null;
    }
}

using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Lethe.Capture.Exchanges;
using Lethe.Proxy.Tests.Support;
using Xunit.Abstractions;

namespace Lethe.Proxy.Tests.ExtProc;

/// <summary>The shipped configurations in a real Envoy: where <c>LETHE_ENVOY</c> names one, or one lies beside the checkout.</summary>
public sealed class RealEnvoyTests(ITestOutputHelper output)
{
    [Theory]
    [InlineData("sidecar.yaml")]
    [InlineData("blocking.yaml")]
    [InlineData("forward.yaml")]
    public async Task Envoy_accepts_what_we_ship(string file)
    {
        if (await FindAsync() is not { } envoy)
        {
            return;
        }

        using var process = Start(envoy, "--mode", "validate", "-c", Shipped(file));
        var said = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(60));
        Assert.True(process.ExitCode == 0, await said);
    }

    [Fact]
    public async Task Calls_through_the_shipped_sidecar_are_recorded_and_untouched_even_while_lethe_is_away()
    {
        if (await FindAsync() is not { } envoy)
        {
            return;
        }

        await using var api = await FakeModelApi.StartAsync(FakeModelApi.Json("""{"answer":42}"""));
        var folder = Directory.CreateTempSubdirectory("lethe-envoy-").FullName;
        var socket = Path.Combine(folder, "extproc.sock");
        var (port, admin) = (FreePort(), FreePort());
        var bootstrap = (await File.ReadAllTextAsync(Shipped("sidecar.yaml")))
            .Replace("/run/lethe/extproc.sock", socket, StringComparison.Ordinal)
            .Replace("port_value: 10000", $"port_value: {port}", StringComparison.Ordinal)
            .Replace("port_value: 9901", $"port_value: {admin}", StringComparison.Ordinal)
            .Replace("port_value: 8080", $"port_value: {new Uri(api.Address).Port}", StringComparison.Ordinal);
        var file = Path.Combine(folder, "envoy.yaml");
        await File.WriteAllTextAsync(file, bootstrap);
        await using var world = await ExtProcWorld.StartAsync(options => options.ExtProc.Listen = "unix:" + socket);
        using var process = Start(envoy, "-c", file, "--concurrency", "1", "--disable-hot-restart", "-l", "error");
        try
        {
            using var client = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}") };
            await UntilListeningAsync(port);
            for (var i = 0; i < 5; i++)
            {
                Assert.Equal("""{"answer":42}""", await SayAsync(client));
                var captured = await world.NextAsync();
                Assert.Equal((Ending.Completed, 200, "/v1/messages", "via_upstream"), (captured.Ending, captured.Status, captured.Path, captured.Attributes["response.code_details"]));
                Assert.Equal("{}"u8.ToArray(), captured.Request.Bytes.ToArray());
                Assert.Equal(13, captured.Response.WireBytes);
            }

            await world.StopAsync();
            Assert.Equal("""{"answer":42}""", await SayAsync(client));
        }
        finally
        {
            process.Kill();
            await process.WaitForExitAsync();
        }
    }

    private static async Task<string> SayAsync(HttpClient client)
    {
        using var response = await client.PostAsync("/v1/messages", new ByteArrayContent("{}"u8.ToArray()));
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        return await response.Content.ReadAsStringAsync();
    }

    private static string Shipped(string file) => Path.Combine(Checkout.Root, "envoy", file);

    private static Process Start(string program, params string[] arguments) =>
        Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true, RedirectStandardOutput = true })!;

    private static int FreePort()
    {
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        return ((IPEndPoint)probe.LocalEndpoint).Port;
    }

    private static async Task UntilListeningAsync(int port)
    {
        using var bound = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (true)
        {
            using var probe = new TcpClient();
            try
            {
                await probe.ConnectAsync(IPAddress.Loopback, port, bound.Token);
                return;
            }
            catch (SocketException)
            {
                await Task.Delay(50, bound.Token);
            }
        }
    }

    private async Task<string?> FindAsync()
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
            var part = unpacked + "." + Environment.ProcessId;
            using var xz = Process.Start("sh", ["-c", $"xz -dc '{packed}' > '{part}' && chmod 755 '{part}'"]);
            await xz.WaitForExitAsync();
            Assert.Equal(0, xz.ExitCode);
            File.Move(part, unpacked, overwrite: true);
        }

        return unpacked;
    }
}

using System.Diagnostics;
using System.Net;
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
        if (await EnvoyProcess.FindAsync(output) is not { } envoy)
        {
            return;
        }

        var start = new ProcessStartInfo(envoy, ["--mode", "validate", "-c", EnvoyProcess.Shipped(file)]) { RedirectStandardError = true, RedirectStandardOutput = true };
        using var process = Process.Start(start)!;
        var (said, _) = (process.StandardError.ReadToEndAsync(), process.StandardOutput.ReadToEndAsync());
        await process.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(60));
        Assert.True(process.ExitCode == 0, await said);
    }

    [Theory]
    [InlineData("sidecar.yaml")]
    [InlineData("blocking.yaml")]
    public async Task Calls_through_the_shipped_configuration_are_recorded_and_untouched_even_while_lethe_is_away(string file)
    {
        if (await EnvoyProcess.FindAsync(output) is not { } program)
        {
            return;
        }

        await using var api = await FakeModelApi.StartAsync(FakeModelApi.Json("""{"answer":42}"""));
        await using var envoy = await EnvoyProcess.StartAsync(program, file, api.Address);
        await using var world = await ExtProcWorld.StartAsync(options => options.ExtProc.Listen = envoy.Lethe);
        using var client = new HttpClient { BaseAddress = new Uri(envoy.Address) };
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

    private static async Task<string> SayAsync(HttpClient client)
    {
        using var response = await client.PostAsync("/v1/messages", new ByteArrayContent("{}"u8.ToArray()));
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        return await response.Content.ReadAsStringAsync();
    }
}

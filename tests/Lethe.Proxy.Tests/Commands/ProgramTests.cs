using System.Text.Json;
using Lethe.Proxy.Tests.Support;
using Microsoft.AspNetCore.Http;

namespace Lethe.Proxy.Tests.Commands;

public sealed class ProgramTests : IDisposable
{
    private readonly string directory = Directory.CreateTempSubdirectory("lethe-test-").FullName;

    private string Data => Path.Combine(directory, "data");

    private string[] RunOnFreePorts => ["run", "--data", Data, "--listen", "http://127.0.0.1:0", "--admin", "http://127.0.0.1:0", "--extproc", "http://127.0.0.1:0"];

    public void Dispose() => Directory.Delete(directory, recursive: true);

    [Theory]
    [InlineData]
    [InlineData("no-such-verb")]
    [InlineData("sessions", "--limit", "0")]
    [InlineData("sessions", "--since", "yesterday-ish")]
    [InlineData("run", "--set", "no-value")]
    [InlineData("run", "--Lethe:Sink=oracle")]
    public async Task What_makes_no_sense_exits_2(params string[] args)
    {
        var (code, _, error) = await LetheProgram.RunInAsync(directory, args);

        Assert.Equal(2, code);
        Assert.NotEqual("", error);
    }

    [Fact]
    public async Task Config_prints_what_is_in_force_by_rising_precedence()
    {
        await File.WriteAllTextAsync(
            Path.Combine(directory, "appsettings.json"),
            """{ "Lethe": { "Listen": "http://127.0.0.1:1001", "AdminListen": "http://127.0.0.1:1002", "ExtProc": { "Listen": "http://127.0.0.1:1003" } } }""");
        var environment = new Dictionary<string, string> { ["Lethe__AdminListen"] = "http://127.0.0.1:2002", ["Lethe__ExtProc__Listen"] = "http://127.0.0.1:2003" };

        using var lethe = LetheProgram.Start(directory, environment, "config", "--extproc", "http://127.0.0.1:3003", "--Lethe:Journal:Durability", "strict");
        var (code, output, _) = await lethe.ExitAsync();

        Assert.Equal(0, code);
        var options = JsonDocument.Parse(output).RootElement.GetProperty("Lethe");
        Assert.Equal("http://127.0.0.1:1001", options.GetProperty("Listen").GetString());
        Assert.Equal("http://127.0.0.1:2002", options.GetProperty("AdminListen").GetString());
        Assert.Equal("http://127.0.0.1:3003", options.GetProperty("ExtProc").GetProperty("Listen").GetString());
        Assert.Equal("strict", options.GetProperty("Journal").GetProperty("Durability").GetString());
    }

    [Fact]
    public async Task Config_exits_1_and_lists_every_error()
    {
        await File.WriteAllTextAsync(Path.Combine(directory, "appsettings.json"), "{ not json");

        var (code, output, error) = await LetheProgram.RunInAsync(directory, "config", "--set", "Lethe:Journal:PartBytes=x");

        Assert.Equal(1, code);
        Assert.Equal("", output);
        Assert.Contains("the configuration has 2 errors:", error, StringComparison.Ordinal);
        Assert.Contains(Path.Combine(directory, "appsettings.json") + ": ", error, StringComparison.Ordinal);
        Assert.Contains("Lethe:Journal:PartBytes: 'x' is not a whole number in range.", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_says_where_it_listens_and_ends_well_on_every_signal_that_asks_for_it()
    {
        foreach (var signal in (int[])[LetheProgram.SigTerm, LetheProgram.SigInt, LetheProgram.SigQuit, LetheProgram.SigHup])
        {
            using var lethe = LetheProgram.Start(directory, RunOnFreePorts);
            var admin = (await lethe.ReadLineAsync("  admin "))[14..];
            using var http = new HttpClient();
            Assert.Equal("ok\n", await http.GetStringAsync(admin + "/healthz"));

            lethe.Signal(signal);
            var (code, _, error) = await lethe.ExitAsync();

            Assert.DoesNotContain("fail:", error, StringComparison.Ordinal);
            Assert.Equal(0, code);
        }
    }

    [Fact]
    public async Task A_closed_terminal_ends_run_in_good_order_however_often_it_says_so()
    {
        var asked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var rest = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var api = await FakeModelApi.StartAsync(async context =>
        {
            context.Response.ContentType = "text/event-stream";
            await context.Response.WriteAsync("data: one\n\n");
            await context.Response.Body.FlushAsync();
            asked.SetResult();
            await rest.Task;
            await context.Response.WriteAsync("data: two\n\n");
        });
        using var lethe = LetheProgram.Start(directory, [.. RunOnFreePorts, "--set", "Lethe:Upstreams:anthropic:Address=" + api.Address]);
        var door = (await lethe.ReadLineAsync("  forwarding "))[14..];
        using var http = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Post, door + "/anthropic/v1/messages") { Content = new StringContent("{}") };
        using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        await asked.Task;

        foreach (var signal in (int[])[LetheProgram.SigHup, LetheProgram.SigHup, LetheProgram.SigTerm, LetheProgram.SigHup])
        {
            lethe.Signal(signal);
        }

        rest.SetResult();
        Assert.Equal("data: one\n\ndata: two\n\n", await response.Content.ReadAsStringAsync());
        Assert.Equal(0, (await lethe.ExitAsync()).ExitCode);
    }

    [Fact]
    public async Task Run_that_nohup_started_outlives_its_terminal()
    {
        using var lethe = LetheProgram.StartIgnoringHangUp(directory, RunOnFreePorts);
        var admin = (await lethe.ReadLineAsync("  admin "))[14..];
        using var http = new HttpClient();

        lethe.Signal(LetheProgram.SigHup);
        Assert.Equal("ok\n", await http.GetStringAsync(admin + "/healthz"));

        lethe.Signal(LetheProgram.SigTerm);
        Assert.Equal(0, (await lethe.ExitAsync()).ExitCode);
    }

    [Fact]
    public async Task Variables_that_are_called_like_us_and_are_not_ours_change_nothing()
    {
        var stray = new Dictionary<string, string> { ["LETHE"] = "/usr/local/bin/lethe", ["LETHE_HOME"] = "/opt", ["LETHE_PORT"] = "tcp://10.0.0.1:4141", ["Lethe__Sink"] = "sqlite" };
        using var lethe = LetheProgram.Start(directory, stray, "config");

        var (code, output, error) = await lethe.ExitAsync();

        Assert.True(code == 0, error);
        Assert.Equal("sqlite", JsonDocument.Parse(output).RootElement.GetProperty("Lethe").GetProperty("Sink").GetString());
    }

    [Fact]
    public async Task A_second_lethe_on_the_same_directory_exits_3_with_one_line()
    {
        using var first = LetheProgram.Start(directory, RunOnFreePorts);
        await first.ReadLineAsync("  admin ");

        var (code, output, error) = await LetheProgram.RunInAsync(directory, RunOnFreePorts);

        Assert.Equal(3, code);
        Assert.Equal("", output);
        Assert.Equal($"lethe: the data directory {Data} is in use by another lethe.\n", error);
    }

    [Fact]
    public async Task A_taken_port_exits_3_with_one_line()
    {
        using var first = LetheProgram.Start(directory, RunOnFreePorts);
        var admin = (await first.ReadLineAsync("  admin "))[14..];

        var (code, output, error) = await LetheProgram.RunInAsync(
            directory, "run", "--data", Path.Combine(directory, "other"), "--listen", "http://127.0.0.1:0", "--admin", admin, "--extproc", "http://127.0.0.1:0");

        Assert.Equal(3, code);
        Assert.Equal("", output);
        Assert.Equal($"lethe: Failed to bind to address {admin}: address already in use.\n", error);
    }

    [Fact]
    public async Task A_reverse_proxy_section_that_does_not_hold_exits_2()
    {
        var (code, _, error) = await LetheProgram.RunInAsync(directory, [.. RunOnFreePorts, "--set", "ReverseProxy:Routes:mine:ClusterId=none", "--set", "ReverseProxy:Routes:mine:Match:Path={broken"]);

        Assert.Equal(2, code);
        Assert.StartsWith("lethe: the ReverseProxy section does not hold: ", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_directory_that_cannot_be_one_exits_3()
    {
        await File.WriteAllTextAsync(Data, "a file");

        var (code, _, error) = await LetheProgram.RunInAsync(directory, RunOnFreePorts);

        Assert.Equal(3, code);
        Assert.StartsWith($"lethe: the data directory {Data} cannot be used: ", error, StringComparison.Ordinal);
        Assert.Single(error.Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }

    [Theory]
    [InlineData("sessions")]
    [InlineData("show", "x")]
    [InlineData("export")]
    [InlineData("tail")]
    [InlineData("verify")]
    public async Task Reading_where_no_store_is_exits_3(params string[] args)
    {
        var (code, output, error) = await LetheProgram.RunInAsync(directory, [.. args, "--data", Data]);

        Assert.Equal(3, code);
        Assert.Equal("", output);
        Assert.Equal($"lethe: There is no store at {Path.Combine(Data, "lethe.db")}.\n", error);
        Assert.False(Directory.Exists(Data));
    }
}

using System.Diagnostics;
using System.Net;
using System.Text;
using System.Text.Json;
using Lethe.Proxy.Configuration;
using Lethe.Proxy.Tests.Support;
using Microsoft.AspNetCore.Http;
using Microsoft.Data.Sqlite;

namespace Lethe.Proxy.Tests.Hosting;

/// <summary>The doors need the journal alone: whatever the store does, calls go on, and all of them are in the store once it lets them in.</summary>
public sealed class StoreBehindDoorsTests
{
    private const string Reply = """{"type":"message","role":"assistant","model":"m","content":[{"type":"text","text":"hi"}],"usage":{"input_tokens":1,"output_tokens":1}}""";

    private static readonly TimeSpan WaitMax = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task A_store_that_cannot_be_opened_keeps_no_door_shut_and_is_tried_again_until_it_can()
    {
        await using var api = await AnsweringAsync();
        // Both are made private by the system, as the product makes its own.
        var data = Path.Combine(Directory.CreateTempSubdirectory("lethe-test-").FullName, "data");
        Directory.Move(Directory.CreateTempSubdirectory("lethe-test-").FullName, data);
        var store = Path.Combine(data, "lethe.db");
        await File.WriteAllTextAsync(store, string.Concat(Enumerable.Repeat("no database at all\n", 100)));
        await using var lethe = await LetheUnderTest.StartAsync(options =>
        {
            options.DataDirectory = data;
            options.Upstreams["anthropic"] = new() { Address = api.Address };
        });

        Assert.Equal(HttpStatusCode.OK, await SayAsync(lethe.Forwarding));
        var notReady = await lethe.Admin.GetAsync("/readyz");
        var told = JsonDocument.Parse(await notReady.Content.ReadAsStringAsync()).RootElement;
        Assert.Equal((HttpStatusCode.ServiceUnavailable, "not_ready"), (notReady.StatusCode, told.GetProperty("code").GetString()));
        Assert.Equal("retrying", told.GetProperty("state").GetProperty("ingest").GetString());
        Assert.Contains("is not a SQLite database", told.GetProperty("detail").GetString(), StringComparison.Ordinal);
        var unread = await lethe.Admin.GetAsync("/v1/exchanges");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, unread.StatusCode);
        Assert.True(unread.Headers.RetryAfter!.Delta > TimeSpan.Zero);

        File.Delete(store);

        await UntilReadyAsync(lethe.Admin);
        Assert.Equal(HttpStatusCode.OK, await SayAsync(lethe.Forwarding));
        await UntilAsync(async () => (await ExchangesAsync(lethe.Admin)) == 2);
    }

    [Fact]
    public async Task A_stop_with_a_backlog_ends_and_the_next_start_takes_it_in()
    {
        await using var api = await AnsweringAsync();
        var directory = Directory.CreateTempSubdirectory("lethe-test-").FullName;
        void Configure(LetheOptions options)
        {
            options.DataDirectory = Path.Combine(directory, "data");
            options.Upstreams["anthropic"] = new() { Address = api.Address };
        }

        var lethe = await LetheUnderTest.StartAsync(Configure);
        await UntilReadyAsync(lethe.Admin);
        await using (var other = new SqliteConnection($"Data Source={Path.Combine(directory, "data", "lethe.db")};Pooling=False"))
        {
            // A writer in the middle of something: nothing can be taken in while it is.
            await other.OpenAsync();
            await ExecuteAsync(other, "BEGIN IMMEDIATE");
            for (var i = 0; i < 20; i++)
            {
                Assert.Equal(HttpStatusCode.OK, await SayAsync(lethe.Forwarding));
            }

            await lethe.Host.StopAsync().WaitAsync(WaitMax);
            await ExecuteAsync(other, "ROLLBACK");
        }

        await using var next = await LetheUnderTest.StartAsync(Configure);
        await UntilReadyAsync(next.Admin);
        Assert.Equal(20, await ExchangesAsync(next.Admin));
    }

    [Fact]
    public async Task After_a_crash_and_an_idle_restart_nothing_is_missing_and_nothing_is_told()
    {
        await using var api = await AnsweringAsync();
        var directory = Directory.CreateTempSubdirectory("lethe-test-").FullName;
        string[] run =
        [
            "run", "--data", Path.Combine(directory, "data"), "--listen", "http://127.0.0.1:0", "--admin", "http://127.0.0.1:0", "--extproc", "http://127.0.0.1:0",
            "--set", $"Lethe:Upstreams:anthropic:Address={api.Address}",
        ];
        using (var killed = LetheProgram.Start(directory, run))
        {
            using var forwarding = new HttpClient { BaseAddress = new Uri((await killed.ReadLineAsync("  forwarding "))[14..]) };
            for (var i = 0; i < 20; i++)
            {
                Assert.Equal(HttpStatusCode.OK, await SayAsync(forwarding));
            }

            await killed.KillAsync();
        }

        foreach (var kills in (bool[])[false, true, false])
        {
            using var idle = LetheProgram.Start(directory, run);
            using var admin = new HttpClient { BaseAddress = new Uri((await idle.ReadLineAsync("  admin "))[14..]) };
            await UntilReadyAsync(admin);
            if (kills)
            {
                await idle.KillAsync();
                continue;
            }

            idle.Signal(LetheProgram.SigTerm);
            Assert.Equal(0, (await idle.ExitAsync()).ExitCode);
        }

        foreach (var args in (string[][])[["verify", "--parity"], ["replay"], ["verify", "--parity"]])
        {
            var (code, output, error) = await LetheProgram.RunInAsync(directory, [.. args, "--data", Path.Combine(directory, "data")]);
            Assert.True(code == 0, $"{string.Join(' ', args)} exited {code}: {error}{output}");
        }

        Directory.Delete(directory, recursive: true);
    }

    [Fact]
    public async Task Calls_go_on_and_none_is_lost_while_no_file_can_be_opened()
    {
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        await using var api = await AnsweringAsync();
        var directory = Directory.CreateTempSubdirectory("lethe-test-").FullName;
        using var lethe = LetheProgram.Start(
            directory, "run", "--data", Path.Combine(directory, "data"), "--listen", "http://127.0.0.1:0", "--admin", "http://127.0.0.1:0",
            "--extproc", "http://127.0.0.1:0", "--set", $"Lethe:Upstreams:anthropic:Address={api.Address}");
        using var forwarding = new HttpClient { BaseAddress = new Uri((await lethe.ReadLineAsync("  forwarding "))[14..]) };
        using var admin = new HttpClient { BaseAddress = new Uri((await lethe.ReadLineAsync("  admin "))[14..]) };
        await UntilReadyAsync(admin);
        // Both connections stay: no new one can be made from now on.
        Assert.Equal(HttpStatusCode.OK, await SayAsync(forwarding));
        await UntilAsync(async () => await ExchangesAsync(admin) == 1);

        await LimitAsync(lethe.Id, "1");
        for (var i = 0; i < 30; i++)
        {
            Assert.Equal(HttpStatusCode.OK, await SayAsync(forwarding));
        }

        await LimitAsync(lethe.Id, "4096");
        await UntilAsync(async () => await ExchangesAsync(admin) == 31);
        lethe.Signal(LetheProgram.SigTerm);
        Assert.Equal(0, (await lethe.ExitAsync()).ExitCode);
        Directory.Delete(directory, recursive: true);
    }

    private static Task<FakeModelApi> AnsweringAsync() => FakeModelApi.StartAsync(async context =>
    {
        context.Response.ContentType = "application/json";
        await context.Response.WriteAsync(Reply);
    });

    private static async Task<HttpStatusCode> SayAsync(HttpClient forwarding)
    {
        using var content = new StringContent("""{"model":"m","max_tokens":1,"messages":[{"role":"user","content":"hi"}]}""", Encoding.UTF8, "application/json");
        using var response = await forwarding.PostAsync(new Uri("/anthropic/v1/messages", UriKind.Relative), content);
        await response.Content.ReadAsByteArrayAsync();
        return response.StatusCode;
    }

    private static async Task<int> ExchangesAsync(HttpClient admin)
    {
        using var response = await admin.GetAsync("/v1/exchanges?limit=200");
        return response.IsSuccessStatusCode
            ? JsonDocument.Parse(await response.Content.ReadAsStringAsync()).RootElement.GetProperty("items").GetArrayLength()
            : -1;
    }

    private static Task UntilReadyAsync(HttpClient admin) => UntilAsync(async () =>
    {
        using var response = await admin.GetAsync("/readyz");
        return response.IsSuccessStatusCode;
    });

    private static async Task UntilAsync(Func<Task<bool>> holds)
    {
        using var bound = new CancellationTokenSource(WaitMax);
        using var tick = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        while (!await holds())
        {
            await tick.WaitForNextTickAsync(bound.Token);
        }
    }

    private static async Task LimitAsync(int process, string files)
    {
        using var limit = Process.Start("prlimit", ["--pid", $"{process}", $"--nofile={files}:4096"]);
        await limit.WaitForExitAsync();
        Assert.Equal(0, limit.ExitCode);
    }

    private static async Task ExecuteAsync(SqliteConnection connection, string sql)
    {
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        await command.ExecuteNonQueryAsync();
    }
}

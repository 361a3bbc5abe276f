using System.Text.Json;
using System.Text.Json.Nodes;
using Lethe.Ingest.Recording;
using Lethe.Proxy.Tests.Agents;
using Lethe.Proxy.Tests.Support;
using Microsoft.AspNetCore.Http;
using BodyMode = Lethe.Envoy.ProcessingMode.Types.BodySendMode;

namespace Lethe.Proxy.Tests.ExtProc;

/// <summary>Every call of the table through each door of a Lethe of its own, and what was exported afterwards, bodies included.</summary>
public sealed class AgreedRecords : IAsyncLifetime
{
    private const string KeyHeader = "x-lethe-commit-key";

    private static readonly TimeSpan WaitMax = TimeSpan.FromSeconds(30);

    private readonly string folder = Directory.CreateTempSubdirectory("lethe-agree-").FullName;
    private Dictionary<string, JsonObject> forwarded = null!;
    private Dictionary<string, JsonObject> observed = null!;
    private Dictionary<string, JsonObject> answered = null!;

    public JsonObject Forwarded(string name) => forwarded[name];

    public JsonObject Shown(string name, bool observing) => (observing ? observed : answered)[name];

    public async Task InitializeAsync()
    {
        AgreedCall? current = null;
        var received = new TaskCompletionSource();
        var heard = new TaskCompletionSource();
        await using var api = await FakeModelApi.StartAsync(async context =>
        {
            received.TrySetResult();
            await AnswerAsync(context, current!, heard.Task);
        });
        forwarded = await RunAsync("forwarded", api.Address, async lethe =>
        {
            using var client = new HttpClient();
            foreach (var call in AgreedCalls.All)
            {
                (current, received, heard) = (call, new(TaskCreationOptions.RunContinuationsAsynchronously), new(TaskCreationOptions.RunContinuationsAsynchronously));
                await ForwardAsync(client, lethe.Listen, call, received.Task, heard).WaitAsync(WaitMax);
            }
        });
        observed = await RunAsync("observed", api.Address, lethe => PlayAllAsync(lethe.ExtProc, observing: true));
        answered = await RunAsync("answered", api.Address, lethe => PlayAllAsync(lethe.ExtProc, observing: false));
    }

    public Task DisposeAsync()
    {
        Directory.Delete(folder, recursive: true);
        return Task.CompletedTask;
    }

    private async Task<Dictionary<string, JsonObject>> RunAsync(string name, string api, Func<LetheProcess, Task> act)
    {
        var data = Path.Combine(folder, name);
        // Sessions that nobody named are told apart by the credential's fingerprint, whose key is the directory's own.
        var (shared, own) = (Path.Combine(folder, "forwarded", CredentialKeyFile.Name), Path.Combine(data, CredentialKeyFile.Name));
        _ = CredentialKeyFile.LoadOrCreate(own);
        File.Copy(shared, own + ".copy");
        File.Move(own + ".copy", own, overwrite: true);
        await using var lethe = await LetheProcess.StartAsync(data, [.. LetheProcess.Upstream(api), ("Lethe:Upstreams:dead:Address", "http://127.0.0.1:1"), ("Lethe:Upstreams:dead:Provider", "anthropic")]);
        await act(lethe);
        await lethe.StopAsync();
        return (await lethe.ExportAsync("--bodies")).ToDictionary(record => record.Text("client_key")!, record => JsonNode.Parse(record.GetRawText())!.AsObject());
    }

    private static async Task AnswerAsync(HttpContext context, AgreedCall call, Task heard)
    {
        if (call.End == AgreedEnd.ClientGoneEarly)
        {
            await UntilAbortedAsync(context);
            return;
        }

        context.Response.StatusCode = call.Status;
        foreach (var (name, value) in call.AnswerHeaders)
        {
            context.Response.Headers.Append(name, value);
        }

        if (call.Answer.Length > 0)
        {
            await context.Response.Body.WriteAsync(call.Answer);
        }

        if (call.End == AgreedEnd.Whole)
        {
            return;
        }

        await context.Response.Body.FlushAsync();
        await heard;
        if (call.End == AgreedEnd.UpstreamCut)
        {
            context.Abort();
        }
        else
        {
            await UntilAbortedAsync(context);
        }
    }

    private static async Task UntilAbortedAsync(HttpContext context)
    {
        var aborted = new TaskCompletionSource();
        await using var registration = context.RequestAborted.Register(aborted.SetResult);
        await aborted.Task.WaitAsync(WaitMax);
    }

    private static async Task ForwardAsync(HttpClient client, string listen, AgreedCall call, Task received, TaskCompletionSource heard)
    {
        using var leaving = new CancellationTokenSource();
        using var request = new HttpRequestMessage(new HttpMethod(call.Method), listen + call.Target) { Content = call.Question is null ? null : new ByteArrayContent(call.Question) };
        foreach (var (name, value) in call.Headers.Append((KeyHeader, call.Name)))
        {
            Assert.True(request.Headers.TryAddWithoutValidation(name, value) || request.Content!.Headers.TryAddWithoutValidation(name, value), name);
        }

        var sending = client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, leaving.Token);
        if (call.End == AgreedEnd.ClientGoneEarly)
        {
            await received;
            await leaving.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => sending);
            return;
        }

        using var response = await sending;
        await using var body = await response.Content.ReadAsStreamAsync();
        if (call.End is AgreedEnd.Whole or AgreedEnd.Refused)
        {
            using var whole = new MemoryStream();
            await body.CopyToAsync(whole);
            Assert.True(call.End == AgreedEnd.Refused || ((int)response.StatusCode == call.Status && whole.ToArray().AsSpan().SequenceEqual(call.Answer)), $"{call.Name}: {response}");
            return;
        }

        await body.ReadExactlyAsync(new byte[call.Answer.Length]);
        heard.SetResult();
        if (call.End == AgreedEnd.UpstreamCut)
        {
            await Assert.ThrowsAnyAsync<IOException>(async () => _ = await body.ReadAsync(new byte[1]));
        }
    }

    private static async Task PlayAllAsync(string door, bool observing)
    {
        await using var connection = await Http2Connection.OpenAsync(door);
        foreach (var call in AgreedCalls.All)
        {
            var seen = await EnvoyPlayer.PlayAsync(connection, new PlayedCall
            {
                Request = BodyMode.Streamed,
                Response = BodyMode.Streamed,
                Observing = observing,
                Path = call.Target,
                Method = call.Method,
                Headers = [.. call.Headers, (KeyHeader, call.Name)],
                RequestBody = call.Question is null ? null : [.. call.Question.Chunk(60_000)],
                Status = call.Status,
                ResponseHeaders = call.AnswerHeaders,
                ResponseBody = call.Answer.Length == 0 ? null : [.. call.Answer.Chunk(call.Answer.Length > 10_000 ? 60_000 : 50)],
                Details = call.End == AgreedEnd.Refused ? "upstream_reset_before_response_started{remote_connection_failure}" : "via_upstream",
                End = call.End switch
                {
                    AgreedEnd.Whole or AgreedEnd.Refused => PlayedEnd.Whole,
                    AgreedEnd.ClientGoneEarly => PlayedEnd.BeforeResponse,
                    _ => PlayedEnd.InResponse,
                },
            });
            Assert.True(seen.Fault is null, $"{call.Name}: {seen.Fault}");
        }
    }
}

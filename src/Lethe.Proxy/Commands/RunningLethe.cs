using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Lethe.Proxy.Hosting;
using Lethe.Proxy.Recording;
using Lethe.Proxy.Terminal;

namespace Lethe.Proxy.Commands;

/// <summary>The lethe that runs on a data directory, as a command asks it to do what only the owner of the directory can.</summary>
internal sealed class RunningLethe(string admin) : IDisposable
{
    /// <summary>Where a door asks for a token, a command shows this one.</summary>
    private const string TokenVariable = "LETHE_TOKEN";

    /// <summary>A store of many gigabytes is written anew.</summary>
    private static readonly TimeSpan AnswerMax = TimeSpan.FromMinutes(30);

    private readonly HttpClient client = new(new SocketsHttpHandler { UseProxy = false }) { Timeout = AnswerMax };

    /// <summary>Null when none runs.</summary>
    /// <exception cref="CommandFailure">One is just starting or ending.</exception>
    public static RunningLethe? Find(string dataDirectory) => ListeningDoors.Find(dataDirectory) is { } doors ? new RunningLethe(doors.Admin)
        : DataDirectory.IsHeld(dataDirectory) ? throw CommandFailure.Environment($"the lethe on {dataDirectory} is starting or ending: try again.")
        : null;

    /// <summary>What it answers.</summary>
    /// <exception cref="CommandFailure">It refuses, or does not answer.</exception>
    public async Task<T> AskAsync<T>(HttpMethod method, string path, JsonTypeInfo<T> shape, CancellationToken cancel, HttpContent? content = null)
    {
        using var request = new HttpRequestMessage(method, new Uri(admin + path)) { Content = content };
        if (Environment.GetEnvironmentVariable(TokenVariable) is { Length: > 0 } token)
        {
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        }

        try
        {
            using var answer = await client.SendAsync(request, cancel);
            var body = await answer.Content.ReadAsByteArrayAsync(cancel);
            return answer.IsSuccessStatusCode
                ? JsonSerializer.Deserialize(body, shape)!
                : throw new CommandFailure(answer.StatusCode == System.Net.HttpStatusCode.NotFound ? ExitCode.NotFine : ExitCode.Environment, "lethe: " + Reason(body, (int)answer.StatusCode));
        }
        catch (Exception fault) when (fault is HttpRequestException or JsonException or TaskCanceledException && !cancel.IsCancellationRequested)
        {
            throw CommandFailure.Environment($"the lethe that runs did not answer: {fault.Message}", fault);
        }
    }

    public void Dispose() => client.Dispose();

    private static string Reason(byte[] problem, int status)
    {
        using var json = JsonDocument.Parse(problem);
        var detail = json.RootElement.TryGetProperty("detail", out var told) ? told.GetString() : null;
        return $"{json.RootElement.GetProperty("title").GetString()} {detail}".TrimEnd() + (status == 401 ? $" A command shows what {TokenVariable} holds." : "");
    }
}

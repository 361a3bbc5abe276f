using Lethe.Capture.Exchanges;
using Lethe.Ingest.Meaning;
using Lethe.Ingest.Reading;
using Lethe.Proxy.Configuration;
using Lethe.Proxy.Reading;
using Lethe.Proxy.Recording;
using Lethe.Proxy.Terminal;
using Microsoft.Extensions.Logging.Abstractions;

namespace Lethe.Proxy.Commands;

/// <summary>The memory of a data directory on which no lethe runs, owned by this command for as long as it needs it.</summary>
internal static class RestingMemory
{
    /// <exception cref="CommandFailure">The directory is in use or refuses, or there is no such session.</exception>
    public static Task<ForgottenDocument> ForgetAsync(LetheSettings settings, string sessionId, bool withFacts) => WithAsync(settings, async memory =>
        await memory.ForgetAsync(Organisation.None, sessionId, withFacts) is { } forgotten
            ? new ForgottenDocument(sessionId, forgotten.Sessions, forgotten.Exchanges, forgotten.Messages, forgotten.Bytes, forgotten.Unread)
            : throw NoSession(sessionId));

    /// <exception cref="CommandFailure">As above.</exception>
    public static Task PinAsync(LetheSettings settings, string sessionId, bool isPinned) => WithAsync(settings, async memory =>
        await memory.PinAsync(Organisation.None, sessionId, isPinned) ? true : throw NoSession(sessionId));

    /// <exception cref="CommandFailure">As above.</exception>
    public static Task<SessionDetail> MergeAsync(LetheSettings settings, string fromId, string intoId, string? reason) => WithAsync(settings, async memory =>
    {
        await memory.WhenStoreOpenedAsync();
        var from = memory.Reader.Session(Organisation.None, fromId) ?? throw NoSession(fromId);
        var into = memory.Reader.Session(Organisation.None, intoId) ?? throw NoSession(intoId);
        if (SessionCorrections.Problem(from, into) is { } why)
        {
            throw new CommandFailure(ExitCode.NotFine, $"lethe: {why}");
        }

        return from.Session.SessionId == into.Session.SessionId || await SessionCorrections.MergeAsync(memory.Produced, from, into, reason, by: null, CancellationToken.None)
            ? memory.Reader.Session(Organisation.None, intoId)!
            : throw CommandFailure.Environment("the store did not take it: lethe status tells more.");
    });

    private static async Task<T> WithAsync<T>(LetheSettings settings, Func<RecordingPipeline, Task<T>> work)
    {
        try
        {
            using var directory = await DataDirectory.OpenAsync(settings.Options.DataDirectory, TimeProvider.System);
            await using var memory = RecordingPipeline.Open(settings.Options, directory.Path, TimeProvider.System, NullLoggerFactory.Instance);
            return await work(memory);
        }
        catch (Exception fault) when (fault is HostFault or StoreUnavailableException or StoreRefusedException)
        {
            throw CommandFailure.Environment(fault.Message, fault);
        }
    }

    private static CommandFailure NoSession(string id) => new(ExitCode.NotFine, $"lethe: no session answers to '{id}'.");
}

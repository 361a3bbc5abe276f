using System.Text.Json;
using Lethe.Capture.Decoding.Json;

namespace Lethe.Capture.Decoding.GeminiInteractions;

/// <summary>The steps of a stream in the order in which they began. An index is a label that the server chooses: what begins where another step is open is another one.</summary>
internal sealed class StreamedSteps
{
    private readonly List<StreamedStep> all = [];
    private readonly Dictionary<long, StreamedStep> open = [];

    public void Begin(JsonElement data, JsonElement? step) => Open(Index(data), step);

    /// <summary>The step that an event is about; one that does not say so follows the one that began last.</summary>
    public StreamedStep At(JsonElement data) => open.TryGetValue(Index(data), out var step) ? step : Open(Index(data), null);

    public void End(JsonElement data) => open.Remove(Index(data));

    public void Clear()
    {
        all.Clear();
        open.Clear();
    }

    /// <summary>Without a call that was told once more with its arguments.</summary>
    public IEnumerable<ReadOnlyMemory<byte>> Told()
    {
        var asked = all.Select(step => step.CallWithArguments).OfType<string>().ToHashSet(StringComparer.Ordinal);
        return all.Where(step => !step.IsSilent && (step.CallWithoutArguments is not { } call || !asked.Contains(call))).Select(step => (ReadOnlyMemory<byte>)step.ToJson());
    }

    private static long Index(JsonElement data) => data.Count("index"u8) ?? 0;

    private StreamedStep Open(long index, JsonElement? begun)
    {
        var step = new StreamedStep(begun);
        open[index] = step;
        all.Add(step);
        return step;
    }
}

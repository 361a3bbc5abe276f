namespace Lethe.Proxy.Hosting;

/// <summary>Where services find the recording pipeline: it is opened with some of them, and before any door.</summary>
internal sealed class OpenedPipeline
{
    private RecordingPipeline? pipeline;

    public RecordingPipeline Pipeline
    {
        get => pipeline ?? throw new InvalidOperationException("The pipeline is not open yet.");
        set => pipeline = value;
    }
}

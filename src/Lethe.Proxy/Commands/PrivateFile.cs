namespace Lethe.Proxy.Commands;

/// <summary>A file (0600) that appears under its name whole, or not at all.</summary>
internal sealed class PrivateFile : IAsyncDisposable
{
    private readonly string path;
    private readonly string unfinished;
    private bool keep;

    /// <exception cref="CommandFailure">The directory is not there or not writable.</exception>
    public PrivateFile(string path)
    {
        this.path = Path.GetFullPath(path);
        unfinished = $"{this.path}.{Environment.ProcessId}.tmp";
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write, BufferSize = 128 * 1024 };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        try
        {
            Content = new FileStream(unfinished, options);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw CommandFailure.Environment($"{path} cannot be written: {fault.Message}", fault);
        }
    }

    public FileStream Content { get; }

    /// <summary>All was written: disposal gives the file its name.</summary>
    public void Keep() => keep = true;

    public async ValueTask DisposeAsync()
    {
        if (keep)
        {
            Content.Flush(flushToDisk: true);
        }

        await Content.DisposeAsync();
        if (keep)
        {
            File.Move(unfinished, path, overwrite: true);
        }
        else
        {
            File.Delete(unfinished);
        }
    }
}

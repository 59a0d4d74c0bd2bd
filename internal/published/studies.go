package published

// Studies returns all studies, in the order of their results.
func Studies() []Study {
	return []Study{
		backoffStudy(),
		bucketStudy(),
		markovStudy(),
		queueingStudy(),
		policyStudy(),
	}
}
